package nfescrow.aws;

import static org.junit.jupiter.api.Assertions.assertEquals;

import groovy.json.JsonSlurper;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JobDefinitionLogTest {
    @TempDir
    Path temporary;

    @Test
    void startsANewLineAfterAPartialOne() throws Exception {
        Path events = Files.writeString(temporary.resolve("events.jsonl"), "{\"at\":\"2026-11-2");
        JobDefinitionLog.write(events, "job-definition.intent", Map.of("definition", "nf-debian"));
        JobDefinitionLog.write(events, "job-definition.registered", Map.of("definition", "nf-debian:1"));
        List<Object> definitions = Files.readAllLines(events).stream().skip(1).filter(line -> !line.isEmpty())
            .map(line -> ((Map<?, ?>) new JsonSlurper().parseText(line)).get("definition")).map(Object.class::cast).toList();
        assertEquals(List.of("nf-debian", "nf-debian:1"), definitions);
    }

    /**
     * A limit on the file size has the same effect as a disk that fills up: a write succeeds partially, without an
     * error.
     */
    @Test
    void failsIfAnEventIsWrittenPartially() throws Exception {
        Path events = Files.writeString(temporary.resolve("events.jsonl"), ("x".repeat(19) + "\n").repeat(50));
        String java = Path.of(System.getProperty("java.home"), "bin/java").toString();
        Process process = new ProcessBuilder("/bin/bash", "-c", "ulimit -f 1; exec \"$@\"", "bash", java, "-XX:-UsePerfData",
            "-cp", System.getProperty("java.class.path"), Program.class.getName(), events.toString()).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String message = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
        assertEquals("nf-escrow: cannot write " + events + " (IOException)", message);
        assertEquals(1024, Files.size(events));
    }

    /** Writes an event to the given file and prints the result. */
    static final class Program {
        private Program() {}

        public static void main(String[] arguments) {
            try {
                JobDefinitionLog.write(Path.of(arguments[0]), "job-definition.intent", Map.of("definition", "nf-debian"));
                System.out.println("written");
            } catch (IllegalStateException error) {
                System.out.println(error.getMessage());
            }
        }
    }
}
