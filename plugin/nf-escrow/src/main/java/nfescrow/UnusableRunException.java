package nfescrow;

/** A run directory that cannot be used. The message is the reason, as a clause. */
final class UnusableRunException extends Exception {
    UnusableRunException(String message) {
        super(Printable.of(message)); // contains paths, and names from pipelines
    }
}
