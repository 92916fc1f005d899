package lib.provider;

import java.net.URI;

/**
 * How a provider is reached in this run: addresses and key after the environment had its say.
 *
 * @param baseUrl     without a trailing slash
 * @param models      the first page of the list
 * @param join        the second API's first address, null if there is none
 * @param keyVariable the variable to name in messages and rendered files: the one that is set, else the first; null if it takes no key
 * @param key         the secret, null if not set (or not to be sent there). Never printed; see {@link #toString()}
 */
public record Access(Provider provider, String baseUrl, URI models, URI join, String keyVariable, String key) {

    /** Whether the provider can be asked at all: it needs no key, or it has one. */
    public boolean usable() {
        return key != null || provider.key() != Provider.KeyNeed.REQUIRED;
    }

    @Override
    public String toString() {
        return provider.id() + " at " + models + (key == null ? "" : " with " + keyVariable);
    }
}
