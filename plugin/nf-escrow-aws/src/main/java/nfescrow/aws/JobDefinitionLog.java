package nfescrow.aws;

import groovy.json.JsonOutput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** What is made in AWS, in the run's `events.jsonl`: a line an event, on the disk when `write` returns. */
final class JobDefinitionLog {
    private static final Set<OpenOption> APPEND = Set.of(
        StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND, LinkOption.NOFOLLOW_LINKS);

    private JobDefinitionLog() {}

    /**
     * Throws where it cannot be written whole: what nobody knows of, nobody would remove. The newline before it ends what
     * somebody else may have left half written, as on a disk that was full: an empty line means nothing.
     */
    static synchronized void write(Path events, String type, Map<String, String> data) {
        Map<String, Object> event = new LinkedHashMap<>();
        event.put("at", Instant.now().toString());
        event.put("type", type);
        event.putAll(data);
        try (FileChannel channel = FileChannel.open(events, APPEND,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            ByteBuffer line = ByteBuffer.wrap(("\n" + JsonOutput.toJson(event) + "\n").getBytes(StandardCharsets.UTF_8));
            // A disk that fills up takes a part without a word, and refuses the rest.
            while (line.hasRemaining()) channel.write(line);
            channel.force(false);
        } catch (IOException error) {
            throw new IllegalStateException("nf-escrow: " + Printable.of(events) + " cannot be written (" + error.getClass().getSimpleName() + ")");
        }
    }
}
