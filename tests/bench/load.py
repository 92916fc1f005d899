#!/usr/bin/env python3
"""Serves synthetic model lists on loopback: /N/models has M models. Prints its port, serves until it is ended.

  load.py MODELS            the server
  load.py --config P PORT   a providers.yaml with P providers for it, on stdout
"""
import http.server
import json
import sys


def models(count, provider):
    return json.dumps({"object": "list", "data": [
        {"id": f"p{provider}/model-{i:05}", "object": "model", "created": 1700000000 + i, "owned_by": f"p{provider}",
         "name": f"Model {i}", "context_length": 1024 * (i % 200 + 1), "max_output_length": 4096,
         "pricing": {"prompt": f"0.0000{i % 97:02}", "completion": f"0.0001{i % 89:02}"}}
        for i in range(count)]}).encode()


class Lists(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bodies = {}
    count = 0

    def do_GET(self):
        provider = self.path.split("/")[1]
        body = self.bodies.setdefault(provider, models(self.count, provider))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True


if sys.argv[1] == "--config":
    print("providers:")
    for number in range(int(sys.argv[2])):
        print(f"  load{number}:\n    name: Load {number}\n    base_url: http://127.0.0.1:{sys.argv[3]}/{number}\n    key: none\n"
              f"    auth: none\n    wires: [openai-chat]\n    models: /models")
else:
    Lists.count = int(sys.argv[1])
    for number in range(100):  # made before anything is measured
        Lists.bodies[str(number)] = models(Lists.count, str(number))
    server = Server(("127.0.0.1", 0), Lists)
    print(server.server_address[1], flush=True)
    server.serve_forever()
