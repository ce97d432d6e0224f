package nfescrow;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Set;
import org.junit.jupiter.api.Test;

class PrintableTest {
    private static final Set<Byte> HARMFUL = Set.of(
        Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR);

    /** Checks all of Unicode by category. The next test covers invisible characters of other categories. */
    @Test
    void escapesEveryHarmfulCharacter() {
        for (int character = 0; character <= Character.MAX_CODE_POINT; character++) {
            String text = "a" + Character.toString(character) + "b";
            String printed = Printable.of(text);
            if (HARMFUL.contains((byte) Character.getType(character)))
                assertEquals(String.format(character > 0xffff ? "a\\u{%x}b" : "a\\u%04xb", character), printed);
            else if (printed.equals(text)) continue;
            assertEquals(0, printed.codePoints().filter(each -> HARMFUL.contains((byte) Character.getType(each))).count());
        }
    }

    @Test
    void escapesZeroWidthCharactersAndFillers() {
        assertEquals("a\\u200b\\u3164\\ufe0f\\u{e0041}\\u{e0100}b", Printable.of("a\u200b\u3164\ufe0f\udb40\udc41\udb40\udd00b"));
    }

    @Test
    void keepsLettersOfAllLanguages() {
        String text = "\u00e9 \u6f22\u5b57 \ud83d\ude00 C:\\dir 'x' \u0645\u0631\u062d\u0628\u0627";
        assertEquals(text, Printable.of(text));
    }
}
