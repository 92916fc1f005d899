package lib.provider;

/** Something in a configuration file or variable that its owner has to mend. The message names file, line and column. */
public final class ConfigError extends RuntimeException {
    public ConfigError(String message) {
        super(message);
    }

    /** @param line   1-based
     *  @param column 1-based */
    public static ConfigError at(String file, int line, int column, String message) {
        return new ConfigError(file + ":" + line + ":" + column + ": " + message);
    }
}
