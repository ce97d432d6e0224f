package nfescrow.exposures;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class StreamSearchTest {
    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static SearchTerms terms(Map<String, byte[]> values) {
        return new SearchTerms(values, List.of());
    }

    private static List<String> search(SearchTerms terms, byte[]... parts) {
        StreamSearch search = new StreamSearch(terms);
        for (byte[] part : parts) search.accept(part, part.length);
        return search.end();
    }

    /** Splits the stream at every pair of positions. */
    @Test
    void findsAValueAcrossEveryBoundary() {
        byte[] value = bytes("s3cret-\u00e9-value");
        byte[] stream = bytes("before s3cre" + new String(value, StandardCharsets.UTF_8) + "s3cret-");
        SearchTerms terms = terms(Map.of("A_KEY", value));
        for (int first = 0; first <= stream.length; first++)
            for (int second = first; second <= stream.length; second++)
                assertEquals(List.of("A_KEY"), search(terms, Arrays.copyOf(stream, first),
                    Arrays.copyOfRange(stream, first, second), Arrays.copyOfRange(stream, second, stream.length)));
    }

    /** Tests each position around the edge of the first two windows. */
    @Test
    void findsAValueAcrossTheEdgeOfTheWindow() {
        byte[] value = bytes("0123456789abcdef");
        SearchTerms terms = terms(Map.of("A_KEY", value));
        for (int window = 1; window <= 2; window++)
            for (int shift = -18; shift <= 2; shift++) {
                int at = window * StreamSearch.PART + shift;
                byte[] stream = new byte[at + value.length];
                Arrays.fill(stream, (byte) '0');
                System.arraycopy(value, 0, stream, at, value.length);
                assertEquals(List.of("A_KEY"), search(terms, stream), "at " + at);
                stream[at + 9] = 'X';
                assertEquals(List.of(), search(terms, stream), "not at " + at);
            }
    }

    @Test
    void findsTheLargestValueByteForByte() {
        byte[] value = new byte[64 * 1024];
        new Random(1).nextBytes(value);
        for (int at = 0; at < value.length; at++) if (value[at] == '\n' || value[at] == '\r') value[at] = 'x';
        SearchTerms terms = terms(Map.of("BIG_KEY", value));
        byte[] stream = new byte[StreamSearch.PART * 2];
        new Random(2).nextBytes(stream);
        assertEquals(List.of(), search(terms, stream));
        assertEquals(List.of("BIG_KEY"), search(terms, stream, value, stream));
        value[value.length - 1] ^= 1;
        assertEquals(List.of(), search(terms, stream, value, stream), "a value that differs in its last bit");
    }

    /** Compares the result with String.contains. */
    @Test
    void agreesWithAPlainSearch() {
        Random random = new Random(3);
        for (int round = 0; round < 2000; round++) {
            Map<String, byte[]> values = new TreeMap<>();
            for (int name = 0; name < 1 + random.nextInt(5); name++)
                values.put("KEY_" + name, bytes(letters(random, 4 + random.nextInt(6))));
            String stream = letters(random, random.nextInt(300));
            List<String> expected = new ArrayList<>();
            values.forEach((name, value) -> {
                if (stream.contains(new String(value, StandardCharsets.UTF_8))) expected.add(name);
            });
            int cut = random.nextInt(stream.length() + 1);
            assertEquals(expected, search(terms(values), bytes(stream.substring(0, cut)), bytes(stream.substring(cut))));
        }
    }

    @Test
    void keepsStreamsSeparate() {
        StreamSearch search = new StreamSearch(terms(Map.of("A_KEY", bytes("abcdefgh"))));
        search.accept(bytes("abcd"), 4);
        assertEquals(List.of(), search.end());
        search.accept(bytes("efgh"), 4);
        assertEquals(List.of(), search.end());
    }

    @Test
    void findsNothingWithoutTermsOrBytes() {
        assertEquals(List.of(), search(terms(Map.of()), bytes("some text")));
        assertEquals(List.of(), search(terms(Map.of("A_KEY", bytes("abcdefgh")))));
    }

    private static String letters(Random random, int count) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) text.append((char) ('a' + random.nextInt(2)));
        return text.toString();
    }
}
