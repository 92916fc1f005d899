package tests;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import lib.host.Host;
import lib.provider.Access;
import lib.provider.Provider.Field;
import lib.provider.Provider;
import lib.provider.Provider.Mapping;
import lib.provider.Provider.Mapping.Pointer;

/** Providers as a test needs them, without a providers.yaml. */
final class Fixtures {
    static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");
    static final String KEY = "fake-key-for-tests-0000";

    private Fixtures() {}

    static Host host(Path dir, Map<String, String> env) {
        return host(dir, env, NOW);
    }

    static Host host(Path dir, Map<String, String> env, Instant now) {
        return new Host(env, dir, Clock.fixed(now, ZoneOffset.UTC), new PrintWriter(new StringWriter()), new PrintWriter(new StringWriter()), false);
    }

    static Mapping mapping(String items, String... volatileFields) {
        var place = items.equals("{}") ? new Mapping.Items(Mapping.Shape.MAP, null) : new Mapping.Items(Mapping.Shape.ARRAY, Pointer.parse(items));
        return new Mapping(place, Set.of("sample_spec"), null, Map.of(Field.ID, List.of(Pointer.parse("/id"))), Map.of(), List.of(), List.of(),
                Map.of(), List.of(), List.of(), java.util.Arrays.stream(volatileFields).map(Pointer::parse).toList(), null, null);
    }

    /** How an entry differs from the plain one: a required bearer key in ACME_API_KEY, one page, {@code /data}. */
    record Entry(Provider.Ship ship, Provider.KeyNeed key, String auth, Map<String, String> headers, Provider.Page page, Provider.Join join,
            Mapping mapping, Provider.Trust trust) {

        static final Entry PLAIN = new Entry(Provider.Ship.DEFAULT, Provider.KeyNeed.REQUIRED, "bearer", Map.of(), null, null, mapping("/data"),
                Provider.Trust.BUNDLED);

        Entry ship(Provider.Ship other) {
            return new Entry(other, key, auth, headers, page, join, mapping, trust);
        }

        Entry key(Provider.KeyNeed other) {
            return new Entry(ship, other, auth, headers, page, join, mapping, trust);
        }

        Entry auth(String other, Map<String, String> further) {
            return new Entry(ship, key, other, further, page, join, mapping, trust);
        }

        Entry page(Provider.Page other) {
            return new Entry(ship, key, auth, headers, other, join, mapping, trust);
        }

        Entry join(Provider.Join other) {
            return new Entry(ship, key, auth, headers, page, other, mapping, trust);
        }

        Entry mapping(Mapping other) {
            return new Entry(ship, key, auth, headers, page, join, other, trust);
        }

        Entry trust(Provider.Trust other) {
            return new Entry(ship, key, auth, headers, page, join, mapping, other);
        }

        private static Mapping mapping(String items) {
            return Fixtures.mapping(items);
        }

        Provider named(String id, String baseUrl) {
            boolean dead = ship == Provider.Ship.TOMBSTONE;
            return new Provider(id, id, ship, dead ? "shut down" : null, dead ? "2026-01" : null, dead ? "phoenix" : null, baseUrl, List.of(),
                    key == Provider.KeyNeed.NONE ? List.of() : List.of("ACME_API_KEY"), null, key, auth, headers, Map.of(), "/models", page, join,
                    mapping, "https://acme.test/docs", "2026-11", List.of(), List.of(), List.of(), "", null, null, trust);
        }
    }

    static Access access(String id, URI models, UnaryOperator<Entry> change) {
        return access(id, models, null, KEY, change);
    }

    static Access access(String id, URI models, URI join, String key, UnaryOperator<Entry> change) {
        var entry = change.apply(Entry.PLAIN);
        var base = models.toString().replaceFirst("/models.*", "");
        return new Access(entry.named(id, base), base, models, join, entry.key() == Provider.KeyNeed.NONE ? null : "ACME_API_KEY", key);
    }

    /** {@code {"data":[{"id":"m1"},…]}} */
    static String list(int models) {
        var items = new StringBuilder();
        for (int i = 1; i <= models; i++) {
            items.append(i == 1 ? "" : ",").append("{\"id\":\"m").append(i).append("\"}");
        }
        return "{\"data\":[" + items + "]}";
    }

    /** Whether all lines of one are in the other, in their order. */
    static boolean isSubsequence(List<String> lines, List<String> of) {
        var rest = of.iterator();
        return lines.stream().allMatch(line -> {
            while (rest.hasNext()) {
                if (rest.next().equals(line)) {
                    return true;
                }
            }
            return false;
        });
    }
}
