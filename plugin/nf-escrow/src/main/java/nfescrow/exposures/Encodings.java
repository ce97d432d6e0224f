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
 * The encodings in which Nextflow writes text into its files. Backslashes are removed from search terms and from
 * files. Shells, JSON and JavaScript mostly just add backslashes, so one form then matches both the plain and the
 * escaped text.
 */
final class Encodings {
    private Encodings() {}

    /** Returns the bytes without backslashes. */
    static byte[] withoutBackslashes(byte[] bytes) {
        ByteArrayOutputStream kept = new ByteArrayOutputStream(bytes.length);
        for (byte b : bytes) if (b != '\\') kept.write(b);
        return kept.toByteArray();
    }

    /** Returns the distinct forms of bytes without backslashes, the plain form first; only that one unless they are UTF-8. */
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

    /** Encodes like Gson in lineage records, which also escapes HTML characters. */
    private static String gson(int c) {
        return "<>&='\u2028\u2029".indexOf(c) >= 0 ? unicode("u%04x", c) : control(c);
    }

    /** Encodes like Groovy's JsonOutput. */
    private static String groovyJson(int c) {
        return c > 126 ? unicode("u%04x", c) : control(c);
    }

    /** Encodes like StringEscapeUtils.escapeJavaScript of Commons Lang, for the data of the execution report. */
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
