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

/** Records job definitions in the run's `events.jsonl`. An event is on disk when `write` returns. */
final class JobDefinitionLog {
    private static final Set<OpenOption> APPEND = Set.of(
        StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND, LinkOption.NOFOLLOW_LINKS);

    private JobDefinitionLog() {}

    /**
     * Appends an event. Throws if it cannot be written completely, because the daemon would not remove an unrecorded
     * definition. The line starts with a newline, which ends a partial line that a full disk may have left. Empty
     * lines are ignored.
     */
    static synchronized void write(Path events, String type, Map<String, String> data) {
        Map<String, Object> event = new LinkedHashMap<>();
        event.put("at", Instant.now().toString());
        event.put("type", type);
        event.putAll(data);
        try (FileChannel channel = FileChannel.open(events, APPEND,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            ByteBuffer line = ByteBuffer.wrap(("\n" + JsonOutput.toJson(event) + "\n").getBytes(StandardCharsets.UTF_8));
            // On a disk that fills up, a write succeeds partially, and the next one fails.
            while (line.hasRemaining()) channel.write(line);
            channel.force(false);
        } catch (IOException error) {
            throw new IllegalStateException("nf-escrow: cannot write " + Printable.of(events) + " (" + error.getClass().getSimpleName() + ")");
        }
    }
}
