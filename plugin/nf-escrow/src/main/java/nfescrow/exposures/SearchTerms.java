package nfescrow.exposures;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What the files of a run are searched for: the values of its secrets, and of a value of several lines each line, since
 * logs and scripts indent and quote lines one by one.
 */
public final class SearchTerms {
    /** Shorter values would be found everywhere. As in daemon/redaction/mask.ts. */
    static final int SHORTEST = 4;
    /** Of a value of several lines: `true`, `done` and the like stand in every script. */
    static final int SHORTEST_LINE = 8;
    /** The same in every key of its kind. */
    private static final Pattern PEM_BOUNDARY = Pattern.compile("-----(BEGIN|END) [A-Z0-9 ]+-----");

    private final List<String> names = new ArrayList<>();
    private final List<byte[]> texts = new ArrayList<>();
    private final List<Integer> owners = new ArrayList<>();
    private final List<String> masked = new ArrayList<>();
    private final Map<String, List<String>> unsearched = new TreeMap<>();
    private final TermIndex index;

    /**
     * `common`: texts that are in the files of every run. A value, or a line of one, that is part of such a text cannot be
     * told from it, and is not searched for.
     */
    public SearchTerms(Map<String, byte[]> values, List<byte[]> common) {
        for (Map.Entry<String, byte[]> secret : new TreeMap<>(values).entrySet()) {
            List<byte[]> parts = partsOf(secret.getValue());
            List<byte[]> distinct = parts.stream().filter(part -> !isIn(common, part)).toList();
            if (parts.isEmpty()) leaveOut("value-short", secret.getKey());
            else if (distinct.isEmpty()) leaveOut("value-common", secret.getKey());
            else add(secret.getKey(), distinct);
        }
        masked.sort(Comparator.comparingInt(String::length).reversed());
        index = new TermIndex(texts.toArray(byte[][]::new), owners.stream().mapToInt(Integer::intValue).toArray());
    }

    /** The names of the secrets that are searched for; a search tells them by their place here. */
    List<String> names() {
        return names;
    }

    /** The names of those that are not, by reason. */
    Map<String, List<String>> unsearched() {
        return unsearched;
    }

    TermIndex index() {
        return index;
    }

    /** A text with `[secret]` in place of each value in it. */
    public String mask(String text) {
        String result = text;
        for (String value : masked) result = result.replace(value, "[secret]");
        return result;
    }

    private void add(String name, List<byte[]> parts) {
        for (byte[] part : parts) {
            masked.add(new String(part, StandardCharsets.UTF_8));
            for (byte[] form : Encodings.of(part))
                if (form.length >= SHORTEST) {
                    texts.add(form);
                    owners.add(names.size());
                }
        }
        names.add(name);
    }

    private void leaveOut(String reason, String name) {
        unsearched.computeIfAbsent(reason, none -> new ArrayList<>()).add(name);
    }

    private static boolean isIn(List<byte[]> texts, byte[] part) {
        String wanted = new String(part, StandardCharsets.ISO_8859_1);
        return texts.stream().anyMatch(text -> new String(text, StandardCharsets.ISO_8859_1).contains(wanted));
    }

    /** A value of one line, without line ends; or those lines of several that are long enough, else all of it. */
    private static List<byte[]> partsOf(byte[] value) {
        String text = new String(value, StandardCharsets.ISO_8859_1); // a character a byte
        List<String> lines = text.lines().filter(line -> !line.isBlank()).toList();
        if (lines.size() == 1) return longEnough(lines, SHORTEST);
        List<byte[]> parts = longEnough(
            lines.stream().map(String::strip).filter(line -> !PEM_BOUNDARY.matcher(line).matches()).distinct().toList(),
            SHORTEST_LINE);
        return parts.isEmpty() ? longEnough(List.of(text.strip()), SHORTEST) : parts;
    }

    private static List<byte[]> longEnough(List<String> texts, int shortest) {
        return texts.stream()
            .map(text -> text.getBytes(StandardCharsets.ISO_8859_1))
            .filter(bytes -> Encodings.withoutBackslashes(bytes).length >= shortest)
            .toList();
    }
}
