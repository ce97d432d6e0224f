package nfescrow.aws;

/** A failed request to AWS. The message is the reason, as a clause, and contains no value. */
final class AwsUnavailableException extends Exception {
    AwsUnavailableException(String message) {
        super(Printable.of(message)); // contains output of AWS and of credential programs
    }
}
