package nfescrow;

import java.util.regex.Pattern;

/**
 * Texts from outside for a log or a terminal: paths, and names that a pipeline chose. What could steer a terminal or forge
 * a line of Nextflow's log becomes a visible escape. The same characters as in daemon/system/escape-text.ts.
 */
final class Printable {
    /** The second line: the rest of Unicode's Default_Ignorable_Code_Point, for which Java has no name. */
    private static final Pattern HARMFUL = Pattern.compile(
        "[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}"
            + "\\x{34f}\\x{115f}\\x{1160}\\x{17b4}\\x{17b5}\\x{180b}-\\x{180f}\\x{2065}\\x{3164}\\x{fe00}-\\x{fe0f}\\x{ffa0}"
            + "\\x{fff0}-\\x{fff8}\\x{e0000}-\\x{e0fff}]");

    private Printable() {}

    /** The text for one line. */
    static String of(Object text) {
        return HARMFUL.matcher(String.valueOf(text)).replaceAll(found -> visible(found.group().codePointAt(0)));
    }

    /** Four backslashes: two of them are the replacement's own escape. */
    private static String visible(int character) {
        return String.format(character > 0xffff ? "\\\\u{%x}" : "\\\\u%04x", character);
    }
}
