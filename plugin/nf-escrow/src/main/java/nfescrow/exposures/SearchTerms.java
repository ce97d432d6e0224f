package nfescrow.exposures;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The terms that the files of a run are searched for: the values of its secrets. A value with several lines is
 * searched line by line, because logs and scripts indent and quote each line.
 */
public final class SearchTerms {
    /** Minimum bytes of a value; shorter ones would match everywhere. */
    static final int SHORTEST = 4;
    /**
     * Minimum bytes of a line in a value with several lines: every script contains `true`, `done` and similar words.
     */
    static final int SHORTEST_LINE = 8;
    /** Lines that are the same in all PEM files of a kind. */
    private static final Pattern PEM_BOUNDARY = Pattern.compile("-----(BEGIN|END) [A-Z0-9 ]+-----");

    private final List<String> names = new ArrayList<>();
    private final List<byte[]> texts = new ArrayList<>();
    private final List<Integer> owners = new ArrayList<>();
    /** What is masked, and the label that replaces it. */
    private final Map<String, String> masked = new TreeMap<>(
        Comparator.comparingInt(String::length).reversed().thenComparing(Comparator.naturalOrder()));
    private final Map<String, List<String>> unsearched = new TreeMap<>();
    private final TermIndex index;

    /**
     * Creates the terms. `common` are texts that the files of every run contain. A value, or a line of one, that is
     * part of such a text is not searched for, because a match would prove nothing.
     */
    public SearchTerms(Map<String, byte[]> values, List<byte[]> common) {
        for (Map.Entry<String, byte[]> secret : new TreeMap<>(values).entrySet()) {
            List<byte[]> parts = partsOf(secret.getValue());
            List<byte[]> distinct = parts.stream().filter(part -> !isIn(common, part)).toList();
            if (parts.isEmpty()) leaveOut("value-short", secret.getKey());
            else if (distinct.isEmpty()) leaveOut("value-common", secret.getKey());
            else add(secret.getKey(), distinct);
        }
        index = new TermIndex(texts.toArray(byte[][]::new), owners.stream().mapToInt(Integer::intValue).toArray());
    }

    /** Returns the names of the secrets that are searched for. A search refers to them by index. */
    List<String> names() {
        return names;
    }

    /** Returns the names of secrets that are not searched for, by reason. */
    Map<String, List<String>> unsearched() {
        return unsearched;
    }

    TermIndex index() {
        return index;
    }

    /** Replaces each value in a text with `***NAME***`, as the daemon does (daemon/redaction). The longest first. */
    public String mask(String text) {
        String result = text;
        for (Map.Entry<String, String> one : masked.entrySet()) result = result.replace(one.getKey(), one.getValue());
        return result;
    }

    private void add(String name, List<byte[]> parts) {
        for (byte[] part : parts) {
            masked.putIfAbsent(new String(part, StandardCharsets.UTF_8), "***" + name + "***");
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

    /**
     * Returns the parts of a value to search for: a single line without its line end; otherwise the lines that are long
     * enough, or the whole value if none is.
     */
    private static List<byte[]> partsOf(byte[] value) {
        String text = new String(value, StandardCharsets.ISO_8859_1); // one character per byte
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
