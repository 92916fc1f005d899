package tests;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPOutputStream;

/** A server on 127.0.0.1 that does what a test tells it, right or wrong, and remembers what it was asked. */
final class Loopback implements AutoCloseable {
    /** @param target path with query
     *  @param headers names in lower case */
    record Request(String target, Map<String, String> headers) {
        String path() {
            return target.replaceFirst("\\?.*", "");
        }

        String query() {
            return target.contains("?") ? target.substring(target.indexOf('?') + 1) : "";
        }
    }

    /** Writes one whole response to the socket. The connection is closed after it. */
    interface Reply {
        void to(Request request, OutputStream out) throws IOException, InterruptedException;
    }

    private final ServerSocket server;
    private final Map<String, List<Reply>> scripts = new ConcurrentHashMap<>();
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger active = new AtomicInteger();
    private final AtomicInteger mostActive = new AtomicInteger();

    Loopback() {
        try {
            server = new ServerSocket(0, 200, InetAddress.getByName("127.0.0.1"));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        start(this::accept);
    }

    /** What a path answers: the replies one after the other, the last one for ever. */
    Loopback on(String path, Reply... replies) {
        scripts.put(path, new ArrayList<>(Arrays.asList(replies)));
        return this;
    }

    URI uri(String target) {
        return URI.create("http://127.0.0.1:" + server.getLocalPort() + target);
    }

    List<Request> requests() {
        return requests;
    }

    /** The requests to one path. */
    List<Request> requests(String path) {
        return requests.stream().filter(r -> r.path().equals(path)).toList();
    }

    /** The most requests it was serving at one moment. */
    int mostAtOnce() {
        return mostActive.get();
    }

    static Reply json(String body) {
        return answer(200, body);
    }

    /** @param headers whole lines, {@code "ETag: \"1\""} */
    static Reply answer(int status, String body, String... headers) {
        return bytes(status, body.getBytes(StandardCharsets.UTF_8), headers);
    }

    static Reply bytes(int status, byte[] body, String... headers) {
        return (request, out) -> {
            head(out, status, "Content-Length: " + body.length, headers);
            out.write(body);
        };
    }

    static void head(OutputStream out, int status, String first, String... headers) throws IOException {
        var head = new StringBuilder("HTTP/1.1 " + status + " X\r\nConnection: close\r\n");
        if (first != null) {
            head.append(first).append("\r\n");
        }
        for (var header : headers) {
            head.append(header).append("\r\n");
        }
        out.write(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }

    static byte[] gzip(byte[] plain) {
        var bytes = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(bytes)) {
            gzip.write(plain);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return bytes.toByteArray();
    }

    private void accept() throws IOException {
        while (true) {
            var socket = server.accept();
            open.add(socket);
            start(() -> serve(socket));
        }
    }

    private void serve(Socket socket) throws IOException, InterruptedException {
        try (socket) {
            var request = read(new BufferedInputStream(socket.getInputStream()));
            if (request == null) {
                return;
            }
            requests.add(request);
            mostActive.accumulateAndGet(active.incrementAndGet(), Math::max);
            try {
                reply(request).to(request, socket.getOutputStream());
                socket.getOutputStream().flush();
            } finally {
                active.decrementAndGet();
            }
        } finally {
            open.remove(socket);
        }
    }

    private Reply reply(Request request) {
        var script = scripts.get(request.path());
        if (script == null) {
            return answer(404, "{\"error\":{\"message\":\"no such path\"}}");
        }
        synchronized (script) {
            return script.size() > 1 ? script.remove(0) : script.get(0);
        }
    }

    private static Request read(InputStream in) throws IOException {
        var line = line(in);
        if (line == null) {
            return null;
        }
        var headers = new TreeMap<String, String>();
        for (var header = line(in); header != null && !header.isEmpty(); header = line(in)) {
            int colon = header.indexOf(':');
            headers.put(header.substring(0, colon).toLowerCase(Locale.ROOT), header.substring(colon + 1).strip());
        }
        return new Request(line.split(" ")[1], headers);
    }

    private static String line(InputStream in) throws IOException {
        var text = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                return null;
            }
            if (c != '\r') {
                text.append((char) c);
            }
        }
        return text.toString();
    }

    private interface Work {
        void run() throws IOException, InterruptedException;
    }

    /** A client that hangs up is what many tests are about, so a broken connection ends the work and no more. */
    private static void start(Work work) {
        var thread = new Thread(() -> {
            try {
                work.run();
            } catch (SocketException e) {
                return;
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }, "loopback");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() {
        try {
            server.close();
            for (var socket : open) {
                socket.close();
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
