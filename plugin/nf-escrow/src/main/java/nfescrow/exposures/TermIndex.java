package nfescrow.exposures;

import java.util.Arrays;

/**
 * Finds the terms that begin at a position by the four bytes there. A bitmap that fits into the processor cache
 * excludes nearly every position, so that a search costs the same for one term as for a thousand.
 */
final class TermIndex {
    private static final int FILTER_BITS = 1 << 16;
    private static final int NONE = -1;

    /** The length of the longest term. */
    final int longest;
    private final byte[][] terms;
    private final int[] owners;
    private final long[] filter = new long[FILTER_BITS / Long.SIZE];
    /**
     * A hash table with open addressing: the first term of each key, and for each term the next one with the same
     * key.
     */
    private final int[] heads;
    private final int[] next;

    /** Creates the index. `owners` has the owner of each term. Each term has at least four bytes. */
    TermIndex(byte[][] terms, int[] owners) {
        this.terms = terms;
        this.owners = owners;
        next = new int[terms.length];
        heads = new int[Math.max(16, Integer.highestOneBit(Math.max(1, terms.length)) * 4)];
        Arrays.fill(heads, NONE);
        int length = 0;
        for (int term = 0; term < terms.length; term++) {
            length = Math.max(length, terms[term].length);
            int key = keyAt(terms[term], 0);
            int slot = slotOf(key);
            next[term] = heads[slot];
            heads[slot] = term;
            filter[hash(key) >>> 6] |= 1L << hash(key);
        }
        longest = length;
    }

    static int keyAt(byte[] bytes, int at) {
        return bytes[at] << 24 | (bytes[at + 1] & 0xff) << 16 | (bytes[at + 2] & 0xff) << 8 | bytes[at + 3] & 0xff;
    }

    boolean mayBegin(int key) {
        int bit = hash(key);
        return (filter[bit >>> 6] & 1L << bit) != 0;
    }

    /** Marks in `found` the owners of all terms at a position. `end` is the end of the available bytes. */
    void match(int key, byte[] bytes, int at, int end, boolean[] found) {
        for (int term = heads[slotOf(key)]; term != NONE; term = next[term]) {
            byte[] text = terms[term];
            if (found[owners[term]] || at + text.length > end) continue;
            if (Arrays.equals(bytes, at, at + text.length, text, 0, text.length)) found[owners[term]] = true;
        }
    }

    private int slotOf(int key) {
        int slot = key * 0x9E3779B1 >>> 7 & heads.length - 1;
        while (heads[slot] != NONE && keyAt(terms[heads[slot]], 0) != key) slot = slot + 1 & heads.length - 1;
        return slot;
    }

    private static int hash(int key) {
        return key * 0x9E3779B1 >>> 16;
    }
}
