package nfescrow.aws;

import groovy.json.JsonSlurper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The run that this JVM is the head of, as nf-escrow laid it into its run directory: `references.json` (by what ECS finds
 * each secret: ARNs, no values), `access.json` (where Secrets Manager is, as whom the secrets were placed,
 * and whose they are). nf-escrow,
 * on which this plugin depends, has claimed the directory in `head.json` before.
 */
final class AwsRun {
    private static final int FILE_MAX = 1 << 20;
    private static AwsRun current;

    private final Path directory;
    private final Map<String, String> references;
    private final Map<String, String> access;

    private AwsRun(Path directory, Map<String, String> references, Map<String, String> access) {
        this.directory = directory;
        this.references = references;
        this.access = access;
    }

    /** Null in a JVM that is the head of no run with secrets on AWS. */
    static synchronized AwsRun current() {
        return current;
    }

    static synchronized AwsRun open(Map<String, String> environment) {
        String named = environment.get("NF_ESCROW_RUN");
        current = named == null || named.isEmpty() ? null : read(Path.of(named));
        return current;
    }

    private static AwsRun read(Path directory) {
        Path references = directory.resolve("references.json");
        if (!Files.isRegularFile(references, LinkOption.NOFOLLOW_LINKS)) return null;
        Object head = parse(directory.resolve("head.json")).get("pid");
        if (!String.valueOf(ProcessHandle.current().pid()).equals(head)) return null;
        return new AwsRun(directory, parse(references), parse(directory.resolve("access.json")));
    }

    private static Map<String, String> parse(Path file) {
        Map<String, String> entries = new LinkedHashMap<>();
        try {
            if (Files.size(file) > FILE_MAX) throw new IllegalStateException("nf-escrow: " + Printable.of(file) + " is too big");
            if (new JsonSlurper().parse(Files.readAllBytes(file)) instanceof Map<?, ?> read)
                read.forEach((key, value) -> entries.put(String.valueOf(key), value == null ? null : value.toString()));
        } catch (IOException | RuntimeException error) {
            throw new IllegalStateException("nf-escrow: " + Printable.of(file) + " cannot be read (" + error.getClass().getSimpleName() + ")");
        }
        return entries;
    }

    String id() {
        return directory.getFileName().toString();
    }

    Path events() {
        return directory.resolve("events.jsonl");
    }

    Set<String> names() {
        return references.keySet();
    }

    /** What `valueFrom` is to be for a secret: a full ARN, mostly with a JSON key behind it. Null: the run has none of that name. */
    String reference(String name) {
        return references.get(name);
    }

    /** A field of `access.json`; null where it says nothing. */
    String access(String field) {
        return access.get(field);
    }
}
