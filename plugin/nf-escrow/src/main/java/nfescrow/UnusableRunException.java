package nfescrow;

/** A run directory that is not as nf-escrow made it. The message says what is wrong, in a clause. */
final class UnusableRunException extends Exception {
    UnusableRunException(String message) {
        super(Printable.of(message)); // it quotes paths, and names from pipelines
    }
}
