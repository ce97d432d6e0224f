package nfescrow.aws;

/** AWS did not give what it was asked for. The message says why, in a clause, and holds no value. */
final class AwsUnavailableException extends Exception {
    AwsUnavailableException(String message) {
        super(Printable.of(message)); // it quotes what AWS and programs for credentials said
    }
}
