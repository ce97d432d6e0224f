package nfescrow.exposures;

import static org.junit.jupiter.api.Assertions.assertEquals;

import groovy.json.JsonOutput;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SearchTermsTest {
    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static boolean finds(String value, String text) {
        return !search(new SearchTerms(Map.of("A_KEY", bytes(value)), List.of()), text).isEmpty();
    }

    private static List<String> search(SearchTerms terms, String text) {
        StreamSearch search = new StreamSearch(terms);
        search.accept(bytes(text), bytes(text).length);
        return search.end();
    }

    @Test
    void findsEachLineOfAMultilineValue() {
        String value = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\r\n  kqhkiG9w0BAQEF\ntrue\n-----END PRIVATE KEY-----\n";
        assertEquals(true, finds(value, "key: MIIEvQIBADANBg;"));
        assertEquals(true, finds(value, "> kqhkiG9w0BAQEF"), "without leading blanks");
        assertEquals(true, finds(value, value));
        assertEquals(false, finds(value, "-----BEGIN PRIVATE KEY-----\nanother\n-----END PRIVATE KEY-----"));
        assertEquals(false, finds(value, "nxf_stage() {\n    true\n}"), "does not match a common word");
    }

    @Test
    void findsShortLinesOnlyTogether() {
        assertEquals(true, finds("abcd\nefg\n", "x abcd\nefg x"));
        assertEquals(false, finds("abcd\nefg\n", "x abcd x efg"));
    }

    /** `$(…)` in a script strips it. */
    @Test
    void findsAValueWithoutItsTrailingNewline() {
        assertEquals(true, finds("hunter2\n", "password=hunter2;"));
    }

    @Test
    void findsQuotedAndEscapedValues() {
        for (String value : List.of("a\"b'c/d\\e$f", "caf\u00e9-\ud83d\ude00", "tab\there", "<a href='x'>&amp=", "p@ss`w0rd`")) {
            assertEquals(true, finds(value, value), value);
            assertEquals(true, finds(value, JsonOutput.toJson(Map.of("tag", value))), "JSON of " + value);
            assertEquals(true, finds(value, "export A=\"" + value.replaceAll("([\\\\\"$`])", "\\\\$1") + "\""), "shell: " + value);
        }
        // Encoded by Gson, escapeJavaScript and for HTML.
        assertEquals(true, finds("a<b>&c=d'e", "{\"x\":\"a\\u003cb\\u003e\\u0026c\\u003dd\\u0027e\"}"));
        assertEquals(true, finds("caf\u00e9/x'y", "\"caf\\u00E9\\/x\\'y\""));
        assertEquals(true, finds("a<b>&c\"d", "<td>a&lt;b&gt;&amp;c&quot;d</td>"));
    }

    @Test
    void omitsShortValuesAndCommonWords() {
        Map<String, byte[]> values = Map.of("LONG_KEY", bytes("long enough"), "SHORT_KEY", bytes("abc"), "EMPTY_KEY", new byte[0],
            "WORD_KEY", bytes("root"), "SLASHES", bytes("\\\\\\\\\\x"), "MIXED_KEY", bytes("/root/home\nd1fferent-line"));
        SearchTerms terms = new SearchTerms(values, List.of(bytes("/root/home")));
        assertEquals(List.of("LONG_KEY", "MIXED_KEY"), terms.names());
        assertEquals(Map.of("value-short", List.of("EMPTY_KEY", "SHORT_KEY", "SLASHES"), "value-common", List.of("WORD_KEY")),
            terms.unsearched());
        assertEquals(List.of(), search(terms, "in /root/home"));
        assertEquals(List.of("MIXED_KEY"), search(terms, "d1fferent-line"));
    }

    @Test
    void findsBinaryValues() {
        byte[] value = {1, (byte) 0xff, 0x60, (byte) 0xc3, 7};
        StreamSearch search = new StreamSearch(new SearchTerms(Map.of("RAW_KEY", value), List.of()));
        search.accept(new byte[] {0, 1, (byte) 0xff, 0x60, (byte) 0xc3, 7, 0}, 7);
        assertEquals(List.of("RAW_KEY"), search.end());
    }

    @Test
    void masksTheLongestValueFirst() {
        SearchTerms terms = new SearchTerms(Map.of("A_KEY", bytes("abcd"), "B_KEY", bytes("xabcdx")), List.of());
        assertEquals("TAGGED (***B_KEY*** and ***A_KEY***)", terms.mask("TAGGED (xabcdx and abcd)"));
    }
}
