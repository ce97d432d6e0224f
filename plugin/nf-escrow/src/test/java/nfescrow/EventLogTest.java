package nfescrow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import groovy.json.JsonSlurper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Write never throws, so that a run continues if its events cannot be written. */
class EventLogTest {
    @TempDir
    Path temporary;

    @Test
    void appendsOneLinePerEvent() throws Exception {
        Path path = temporary.resolve("events.jsonl");
        EventLog events = new EventLog(path);
        events.write("run.begin", Map.of("name", "a\nb \u00e9"), true);
        new EventLog(path).write("run.end", Map.of("success", true), false); // does not overwrite existing lines
        List<String> lines = Files.readAllLines(path);
        assertEquals(2, lines.size());
        Map<?, ?> first = (Map<?, ?>) new JsonSlurper().parseText(lines.get(0));
        assertEquals("run.begin", first.get("type"));
        assertEquals("a\nb \u00e9", first.get("name"));
        assertTrue(first.get("at").toString().matches("\\d{4}-\\d\\d-\\d\\dT.*Z"));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
    }

    @Test
    void doesNotFollowLinks() throws Exception {
        Path victim = Files.writeString(temporary.resolve("victim"), "untouched");
        Path path = Files.createSymbolicLink(temporary.resolve("events.jsonl"), victim);
        EventLog events = new EventLog(path);
        events.write("run.begin", Map.of(), true);
        events.write("run.end", Map.of(), true);
        assertEquals("untouched", Files.readString(victim));
        Files.delete(path);
        Files.createSymbolicLink(path, temporary.resolve("dangling"));
        new EventLog(path).write("run.begin", Map.of(), true);
        assertFalse(Files.exists(temporary.resolve("dangling")));
    }

    @Test
    void ignoresAMissingDirectoryAndADirectoryInPlaceOfTheFile() throws Exception {
        new EventLog(temporary.resolve("nowhere/events.jsonl")).write("run.begin", Map.of(), true);
        Path directory = Files.createDirectory(temporary.resolve("events.jsonl"));
        new EventLog(directory).write("run.begin", Map.of(), true);
        assertTrue(Files.isDirectory(directory));
    }

    /** Not even root can create a file in /sys. */
    @Test
    void ignoresAReadOnlyDirectory() {
        EventLog events = new EventLog(Path.of("/sys/events.jsonl"));
        events.write("run.begin", Map.of(), true);
        events.write("run.end", Map.of(), true);
    }

    /** /dev/full fails like a full disk. */
    @Test
    void ignoresAFullDisk() {
        EventLog events = new EventLog(Path.of("/dev/full"));
        events.write("run.begin", Map.of(), false);
        events.write("run.end", Map.of(), true);
    }
}
