package nfescrow.exposures;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;

/**
 * The forms in which Nextflow writes a text into its files. Backslashes are left out of texts and files alike: shells, JSON
 * and JavaScript differ from the plain text mostly by the backslashes they add, and a text that is there as it is
 * matches without them too.
 */
final class Encodings {
    private Encodings() {}

    /** The bytes without their backslashes. */
    static byte[] withoutBackslashes(byte[] bytes) {
        ByteArrayOutputStream kept = new ByteArrayOutputStream(bytes.length);
        for (byte b : bytes) if (b != '\\') kept.write(b);
        return kept.toByteArray();
    }

    /** The forms of a text, each once, without backslashes: as it is first. What is not UTF-8 has that form alone. */
    static List<byte[]> of(byte[] bytes) {
        List<byte[]> forms = new ArrayList<>();
        forms.add(withoutBackslashes(bytes));
        String text;
        try {
            text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException noText) {
            return forms;
        }
        for (IntFunction<String> encoding : List.<IntFunction<String>>of(
            Encodings::gson, Encodings::groovyJson, Encodings::javaScript, Encodings::html)) {
            byte[] form = encode(text, encoding);
            if (forms.stream().noneMatch(known -> Arrays.equals(known, form))) forms.add(form);
        }
        return forms;
    }

    private static byte[] encode(String text, IntFunction<String> encoding) {
        StringBuilder encoded = new StringBuilder();
        text.chars().filter(c -> c != '\\').forEach(c -> {
            String other = encoding.apply(c);
            if (other == null) encoded.append((char) c);
            else encoded.append(other);
        });
        return encoded.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** Lineage records. Gson also escapes what has a meaning in HTML. */
    private static String gson(int c) {
        return "<>&='\u2028\u2029".indexOf(c) >= 0 ? unicode("u%04x", c) : control(c);
    }

    /** What Groovy's JsonOutput writes. */
    private static String groovyJson(int c) {
        return c > 126 ? unicode("u%04x", c) : control(c);
    }

    /** Data of the execution report: StringEscapeUtils.escapeJavaScript of Commons Lang. */
    private static String javaScript(int c) {
        return c > 126 ? unicode("u%04X", c) : control(c);
    }

    private static String html(int c) {
        return switch (c) {
            case '&' -> "&amp;";
            case '<' -> "&lt;";
            case '>' -> "&gt;";
            case '"' -> "&quot;";
            case '\'' -> "&#39;";
            default -> null;
        };
    }

    private static String control(int c) {
        int letter = "\t\n\r\b\f".indexOf(c);
        if (letter >= 0) return "tnrbf".substring(letter, letter + 1);
        return c < ' ' ? unicode("u%04x", c) : null;
    }

    private static String unicode(String format, int c) {
        return String.format(format, c);
    }
}
