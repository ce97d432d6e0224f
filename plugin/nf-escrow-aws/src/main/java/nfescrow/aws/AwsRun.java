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
 * The run of which this JVM is the head, from its run directory: `references.json` (the ARN with which ECS finds each
 * secret, no values) and `access.json` (endpoint of Secrets Manager, identity that created the secrets, and their
 * owner, or the team server that holds them). The plugin nf-escrow, on which this one depends, has already claimed the run in `head.json`.
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

    /** Returns the run; null if this JVM is not the head of a run with secrets on AWS. */
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
            if (Files.size(file) > FILE_MAX) throw new IllegalStateException("nf-escrow: " + Printable.of(file) + " is too large");
            if (new JsonSlurper().parse(Files.readAllBytes(file)) instanceof Map<?, ?> read)
                read.forEach((key, value) -> entries.put(String.valueOf(key), value == null ? null : value.toString()));
        } catch (IOException | RuntimeException error) {
            throw new IllegalStateException("nf-escrow: cannot read " + Printable.of(file) + " (" + error.getClass().getSimpleName() + ")");
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

    /** Returns the `valueFrom` of a secret, an ARN with an optional JSON key; null if the run has no such secret. */
    String reference(String name) {
        return references.get(name);
    }

    /** Returns a field of `access.json`; null if it is not set. */
    String access(String field) {
        return access.get(field);
    }
}
