package nfescrow.aws;

import java.util.regex.Pattern;

/**
 * Escapes untrusted text, such as paths and names in a pipeline, for a log or terminal. Characters that could control
 * a terminal or forge a log line become visible escapes. A copy of nfescrow.Printable: this plugin is compiled
 * without nf-escrow.
 */
final class Printable {
    /** The last two lines are the rest of Unicode's Default_Ignorable_Code_Point, which Java has no class for. */
    private static final Pattern HARMFUL = Pattern.compile(
        "[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}"
            + "\\x{34f}\\x{115f}\\x{1160}\\x{17b4}\\x{17b5}\\x{180b}-\\x{180f}\\x{2065}\\x{3164}\\x{fe00}-\\x{fe0f}\\x{ffa0}"
            + "\\x{fff0}-\\x{fff8}\\x{e0000}-\\x{e0fff}]");

    private Printable() {}

    /** Returns the text escaped, on one line. */
    static String of(Object text) {
        return HARMFUL.matcher(String.valueOf(text)).replaceAll(found -> visible(found.group().codePointAt(0)));
    }

    /** Four backslashes in the source are one in the result, since replaceAll unescapes the replacement. */
    private static String visible(int character) {
        return String.format(character > 0xffff ? "\\\\u{%x}" : "\\\\u%04x", character);
    }
}
