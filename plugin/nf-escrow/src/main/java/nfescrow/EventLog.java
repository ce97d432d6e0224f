package nfescrow;

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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes `events.jsonl`, one line per event. A failure to write does not affect the run. */
final class EventLog {
    private static final Logger log = LoggerFactory.getLogger(EventLog.class);
    private static final Set<OpenOption> APPEND = Set.of(
        StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND, LinkOption.NOFOLLOW_LINKS);

    private final Path path;
    private FileChannel channel;
    private boolean failed;

    EventLog(Path path) {
        this.path = path;
    }

    /** Appends an event. With `sync`, the line is on disk when this returns. */
    synchronized void write(String type, Map<String, ?> data, boolean sync) {
        if (failed) return;
        Map<String, Object> event = new LinkedHashMap<>();
        event.put("at", Instant.now().toString());
        event.put("type", type);
        event.putAll(data);
        try {
            if (channel == null)
                channel = FileChannel.open(path, APPEND,
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            ByteBuffer line = ByteBuffer.wrap((JsonOutput.toJson(event) + "\n").getBytes(StandardCharsets.UTF_8));
            // On a disk that fills up, a write succeeds partially, and the next one fails.
            while (line.hasRemaining()) channel.write(line);
            if (sync) channel.force(false);
        } catch (IOException error) {
            failed = true;
            log.warn("nf-escrow: cannot write {} ({}); the daemon reads task events only from Nextflow's trace", Printable.of(path), RunDirectory.reason(error));
        }
    }
}
