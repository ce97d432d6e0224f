package nfescrow.exposures;

/** How many bytes may still be read: of one task, and with it of its run. Used by one thread. */
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

    /** A part of this one, of at most so many bytes. */
    ReadBudget part(long bytes) {
        return new ReadBudget(bytes, this);
    }

    /** How many of `wanted` bytes may be read. */
    int allowed(int wanted) {
        long most = Math.min(wanted, Math.max(0, left));
        return whole == null ? (int) most : whole.allowed((int) most);
    }

    void spend(int bytes) {
        left -= bytes;
        if (whole != null) whole.spend(bytes);
    }
}
