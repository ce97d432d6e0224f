package nfescrow.exposures;

/** The number of bytes that may still be read for a task, and in total for its run. Used by one thread. */
final class ReadBudget {
    private final ReadBudget whole;
    private long left;

    ReadBudget(long bytes) {
        this(bytes, null);
    }

    private ReadBudget(long bytes, ReadBudget whole) {
        this.left = bytes;
        this.whole = whole;
    }

    /** Returns a budget of at most `bytes` that also counts against this one. */
    ReadBudget part(long bytes) {
        return new ReadBudget(bytes, this);
    }

    /** Returns how many of `wanted` bytes may be read. */
    int allowed(int wanted) {
        long most = Math.min(wanted, Math.max(0, left));
        return whole == null ? (int) most : whole.allowed((int) most);
    }

    void spend(int bytes) {
        left -= bytes;
        if (whole != null) whole.spend(bytes);
    }
}
