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

/** `events.jsonl`: a line an event, appended whole. A run goes on where it cannot be written: it is not the run's purpose. */
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

    /** `sync`: the line is on the disk when this returns. */
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
            // A disk that fills up takes a part without a word, and refuses the rest.
            while (line.hasRemaining()) channel.write(line);
            if (sync) channel.force(false);
        } catch (IOException error) {
            failed = true;
            log.warn("nf-escrow: {} cannot be written ({}); tasks are told by Nextflow's trace alone", Printable.of(path), RunDirectory.reason(error));
        }
    }
}
