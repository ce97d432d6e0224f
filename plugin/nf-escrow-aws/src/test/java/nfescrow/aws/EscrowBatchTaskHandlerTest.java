package nfescrow.aws;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import nextflow.cloud.aws.batch.AwsBatchExecutor;
import nextflow.cloud.aws.batch.model.RegisterJobDefinitionModel;
import nextflow.processor.TaskArrayRun;
import nextflow.processor.TaskConfig;
import nextflow.processor.TaskRun;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.batch.model.BatchException;
import software.amazon.awssdk.services.batch.model.Secret;

class EscrowBatchTaskHandlerTest {
    private static final String ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:nf-escrow/lab.rna/r1-AbCdEf";

    @TempDir
    Path temporary;

    private Path directory;

    @BeforeEach
    void createRunDirectory() throws IOException {
        directory = Files.createDirectory(temporary.resolve("r1"));
        Files.writeString(directory.resolve("head.json"), "{\"pid\":" + ProcessHandle.current().pid() + "}");
        Files.writeString(directory.resolve("access.json"), "{\"region\":\"eu-west-1\",\"profile\":null,\"owner\":\"ada\",\"ledger\":\"l1\"}");
        references("FOO_KEY", "BAR_KEY");
    }

    private void references(String... names) throws IOException {
        String entries = java.util.Arrays.stream(names)
            .map(name -> "\"" + name + "\":\"" + ARN + ":" + name + "::\"").collect(Collectors.joining(","));
        Files.writeString(directory.resolve("references.json"), "{" + entries + "}");
    }

    private AwsRun run() {
        return AwsRun.open(Map.of("NF_ESCROW_RUN", directory.toString()));
    }

    private EscrowBatchTaskHandler handlerOf(TaskRun task) {
        EscrowBatchTaskHandler handler = new EscrowBatchTaskHandler(task, new AwsBatchExecutor(), run());
        handler.executionRole = "arn:aws:iam::123456789012:role/execution";
        return handler;
    }

    @Test
    void addsExactlyTheDeclaredSecrets() throws IOException {
        EscrowBatchTaskHandler handler = handlerOf(task("debian:12", "FOO_KEY"));
        handler.submit();
        RegisterJobDefinitionModel model = handler.registered.get(0);
        assertEquals(
            List.of(Secret.builder().name("FOO_KEY").valueFrom(ARN + ":FOO_KEY::").build()),
            model.getContainerProperties().getSecrets());
        assertEquals("nf-escrow-debian-12", model.getJobDefinitionName());
        assertEquals("r1", model.getTags().get("nf-escrow:run"));
        assertEquals("ada", model.getTags().get("nf-escrow:owner"));
        assertEquals("l1", model.getTags().get("nf-escrow:ledger"));
        assertTrue(Instant.parse(model.getTags().get("nf-escrow:created-at")).isBefore(Instant.now().plusSeconds(1)));
        assertTrue(model.getParameters().get("nf-token").contains(ARN), "the token distinguishes definitions with and without secrets");
        List<String> events = events();
        assertTrue(events.get(0).contains("job-definition.intent") && events.get(0).contains("\"nf-escrow-debian-12\""));
        assertTrue(events.get(1).contains("job-definition.registered") && events.get(1).contains("nf-escrow-debian-12:1"));
    }

    @Test
    void recordsARejectionOnlyIfTheRequestCannotBeCarriedOutLater() throws IOException {
        assertEquals(List.of("intent", "refused"), eventsAfter(BatchException.builder().statusCode(403).build()));
        assertEquals(List.of("intent"), eventsAfter(BatchException.builder().statusCode(429).build()));
        assertEquals(List.of("intent"), eventsAfter(BatchException.builder().statusCode(503).build()));
        assertEquals(List.of("intent"), eventsAfter(new IllegalStateException("not answered")));
    }

    private List<String> eventsAfter(RuntimeException answer) throws IOException {
        Files.deleteIfExists(directory.resolve("events.jsonl"));
        EscrowBatchTaskHandler handler = handlerOf(task("debian:12", "FOO_KEY"));
        handler.refusal = answer;
        assertSame(answer, assertThrows(RuntimeException.class, handler::submit));
        return events().stream()
            .map(line -> line.replaceFirst("^.*\"job-definition\\.([a-z]+)\",\"definition\":\"nf-escrow-debian-12\".*$", "$1")).toList();
    }

    private List<String> events() throws IOException {
        return Files.readAllLines(directory.resolve("events.jsonl")).stream().filter(line -> !line.isEmpty()).toList();
    }

    @Test
    void doesNotChangeDefinitionsWithoutSecrets() {
        EscrowBatchTaskHandler handler = handlerOf(task("debian:12"));
        handler.submit();
        assertNull(handler.registered.get(0).getContainerProperties().getSecrets());
        assertEquals("nf-debian-12", handler.registered.get(0).getJobDefinitionName());
        assertNull(handler.registered.get(0).getTags(), "other runs may share the definition");
        assertTrue(Files.notExists(directory.resolve("events.jsonl")));
    }

    @Test
    void limitsTheLengthOfNames() {
        assertEquals("nf-escrow-foo-bar-1", EscrowBatchTaskHandler.nameFor("nf-foo-bar-1"));
        assertEquals(128, EscrowBatchTaskHandler.nameFor("nf-" + "x".repeat(125)).length());
    }

    @Test
    void aJobArrayHasTheSecretsOfItsChildren() {
        TaskArrayRun array = new TaskArrayRun();
        array.setConfig(new TaskConfig());
        array.setChildren(List.of(handlerOf(task("debian:12", "FOO_KEY")), handlerOf(task("debian:12", "FOO_KEY", "BAR_KEY"))));
        assertEquals(List.of("BAR_KEY", "FOO_KEY"), EscrowBatchTaskHandler.secretsOf(array));
    }

    @Test
    void rejectsATaskBeforeAnythingIsRegistered() throws IOException {
        rejects(handlerOf(task("debian:12", "NO_SUCH")), "the run has no secret 'NO_SUCH'");
        rejects(handlerOf(task("job-definition://mine:1", "FOO_KEY")), "cannot add references");
        rejects(handlerOf(task("job-definition://x\r\nforged\u001b[2J", "FOO_KEY")), "(job-definition://x\\u000d\\u000aforged\\u001b[2J)");
        EscrowBatchTaskHandler noRole = handlerOf(task("debian:12", "FOO_KEY"));
        noRole.executionRole = null;
        rejects(noRole, "aws.batch.executionRole");
        String[] many = IntStream.range(0, 300).mapToObj(index -> "KEY_" + index).toArray(String[]::new);
        references(many);
        rejects(handlerOf(task("debian:12", many)), "AWS accepts at most 24576");
    }

    private static void rejects(EscrowBatchTaskHandler handler, String why) {
        String message = assertThrows(IllegalArgumentException.class, handler::submit).getMessage();
        assertTrue(message.contains(why), message);
        assertEquals(List.of(), handler.registered);
    }

    @Test
    void isInactiveInAnotherJvmAndWithoutReferences() throws IOException {
        Files.writeString(directory.resolve("head.json"), "{\"pid\":1}");
        assertNull(run());
        Files.delete(directory.resolve("references.json"));
        assertNull(run());
        assertNull(AwsRun.open(Map.of()));
    }

    private static TaskRun task(String container, String... secrets) {
        TaskRun task = new TaskRun() {
            @Override
            public String getContainer() {
                return container;
            }

            @Override
            public String getName() {
                return "HELLO (1)";
            }
        };
        TaskConfig config = new TaskConfig();
        if (secrets.length > 0) config.put("secret", List.of(secrets));
        task.setConfig(config);
        return task;
    }
}
