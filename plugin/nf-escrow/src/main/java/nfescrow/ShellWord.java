package nfescrow;

/** Words of shell code. Nextflow's task script, for which this plugin writes code, runs in bash. */
final class ShellWord {
    private ShellWord() {}

    /** Quotes a text without NUL as one word. */
    static String quote(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }
}
