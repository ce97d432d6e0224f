package nfescrow.exposures;

import java.util.ArrayList;
import java.util.List;

/**
 * Searches a stream of any length for terms, with a window of fixed size. Finds terms that span two parts of the
 * stream.
 */
final class StreamSearch {
    /** Maximum bytes of one part. */
    static final int PART = 256 * 1024;
    private static final int KEY = 4;

    private final List<String> names;
    private final TermIndex index;
    private final byte[] window;
    private int filled;
    private boolean[] found;

    StreamSearch(SearchTerms terms) {
        names = terms.names();
        index = terms.index();
        window = new byte[PART + index.longest];
        found = new boolean[names.size()];
    }

    /** Searches the next bytes of the stream. */
    void accept(byte[] bytes, int length) {
        if (index.longest == 0) return;
        for (int from = 0; from < length; from += PART) acceptPart(bytes, from, Math.min(length, from + PART));
    }

    /** Ends the stream and returns the names of the secrets in it. The search is then ready for another stream. */
    List<String> end() {
        scan(filled - KEY + 1);
        List<String> result = new ArrayList<>();
        for (int name = 0; name < found.length; name++) if (found[name]) result.add(names.get(name));
        found = new boolean[found.length];
        filled = 0;
        return result;
    }

    private void acceptPart(byte[] bytes, int from, int end) {
        for (int at = from; at < end; at++) if (bytes[at] != '\\') window[filled++] = bytes[at];
        // A term that begins later may not be complete yet.
        int ready = filled - index.longest + 1;
        if (ready <= 0) return;
        scan(ready);
        System.arraycopy(window, ready, window, 0, filled - ready);
        filled -= ready;
    }

    /** Matches terms that begin before `end`. */
    private void scan(int end) {
        if (end <= 0) return;
        int key = TermIndex.keyAt(window, 0) >>> 8;
        for (int at = 0; at < end; at++) {
            key = key << 8 | window[at + KEY - 1] & 0xff;
            if (index.mayBegin(key)) index.match(key, window, at, filled, found);
        }
    }
}
