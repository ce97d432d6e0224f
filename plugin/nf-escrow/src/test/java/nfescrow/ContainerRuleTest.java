package nfescrow;

import static nfescrow.MadeRun.bytes;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import nextflow.Global;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The launch commands are those that Nextflow generates (the *Builder classes of its package nextflow.container). */
class ContainerRuleTest {
    private static final String SINGULARITY =
        "set +u; env - PATH=\"$PATH\" ${TMP:+SINGULARITYENV_TMP=\"$TMP\"} singularity exec --no-home --pid -B /data @ /img.sif /bin/bash -ue /w/.command.sh";
    private static final String CHARLIECLOUD =
        "ch-run --unset-env=\"*\" -c \"$NXF_TASK_WORKDIR\" --set-env ${TOKEN:+--set-env=TOKEN=$TOKEN} /img -- /bin/bash -ue /w/.command.sh";
    private static final String DOCKER = "docker run -i -e \"TOKEN\" -v /w:/w --name n image /bin/bash -ue /w/.command.sh";
    private static final String PLAIN_TASK = "/bin/bash -ue /w/\\ singularity\\ docker\\ apptainer\\ ch-run\\ sarus\\ /.command.sh";

    @TempDir
    Path temporary;

    private MadeRun run;

    @AfterEach
    void resetConfig() {
        Global.setConfig(Map.of());
    }

    @ParameterizedTest
    @ValueSource(strings = {"docker", "podman", "singularity", "apptainer", "charliecloud", "sarus", "udocker", "smolvm"})
    void acceptsPlainValuesWithEveryEngine(String engine) throws Exception {
        values("TOKEN", bytes("Ab9_./:@%+=,-"));
        passes(engine, launch(engine));
    }

    @ParameterizedTest
    @CsvSource({"singularity,singularity", "apptainer,apptainer", "charliecloud,ch-run", "sarus,sarus", "smolvm,smolvm", "udocker,udocker.py"})
    void rejectsValuesThatAnEngineWouldEvaluateByName(String engine, String program) throws Exception {
        for (String value : List.of("a b", "$HOME", "`id`", "'", "\"", "\\", "*", "a\nb", "a;b", "\u00e9", "!", "~", "#")) {
            values("TOKEN", bytes(value), "PLAIN_ONE", bytes("x"), "OTHER", bytes("a&b"));
            String message = refuses(engine, launch(engine));
            assertTrue(message.startsWith("nf-escrow: cannot pass TOKEN, OTHER unchanged to " + program + ": "), message);
            assertFalse(message.contains("PLAIN_ONE"), message);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--no-eval", "--compat", "--nv --no-eval -B /x", "--compat --no-eval"})
    void acceptsTextIfSingularityDoesNotEvaluateIt(String options) throws Exception {
        for (String engine : List.of("singularity", "apptainer")) {
            String launch = SINGULARITY.replace("singularity", engine).replace("@", options);
            values("TOKEN", bytes("`id` $(id) \"'\\\n\r\u00e9"));
            passes(engine, launch);
            // Singularity writes the variables into a script, whose parser converts CR LF to LF and supports only UTF-8.
            for (byte[] value : List.of(bytes("a\r\nb"), new byte[] {'a', (byte) 0xff})) {
                values("TOKEN", value, "TEXT", bytes("a b"));
                String message = refuses(engine, launch);
                assertTrue(message.contains("cannot pass TOKEN unchanged to " + engine + ": it supports only UTF-8 text without CR LF"), message);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "-B /data/--no-eval", "-B /data\\ --no-eval\\ x", "--no-evaluation", "--no-eval=false", "--compatible", "--env X=--compat"})
    void isNotDeceivedBySimilarOptions(String options) throws Exception {
        values("TOKEN", bytes("a b"));
        String message = refuses("singularity", SINGULARITY.replace("@", options));
        assertTrue(message.contains("set singularity.runOptions = '--no-eval', or change the value"), message);
    }

    @Test
    void hasNoSuchOptionForCharliecloud() throws Exception {
        values("TOKEN", bytes("a b"));
        refuses("charliecloud", CHARLIECLOUD.replace("--set-env ", "--no-eval --compat --set-env "));
    }

    @ParameterizedTest
    @ValueSource(strings = {"docker", "podman"})
    void rejectsBinaryValuesIfTheEngineUsesJson(String engine) throws Exception {
        values("TOKEN", bytes("`id` $(id) \"'\\\r\n\u00e9"));
        passes(engine, launch(engine));
        values("TOKEN", new byte[] {(byte) 0xc3}, "TEXT", bytes("\u00e9"));
        assertTrue(refuses(engine, launch(engine)).contains("cannot pass TOKEN unchanged to " + engine + ": it supports only UTF-8 text"));
        passes(engine, PLAIN_TASK);
    }

    @ParameterizedTest
    @ValueSource(strings = {"docker", "singularity", "apptainer", "charliecloud", "sarus", "smolvm"})
    void acceptsAnyValueInATaskWithoutContainer(String engine) throws Exception {
        values("TOKEN", new byte[] {(byte) 0xff, '\r', '\n', '`'});
        passes(engine, PLAIN_TASK);
    }

    @Test
    void checksNothingIfNoEngineIsEnabled() throws Exception {
        values("TOKEN", bytes("`id`"));
        for (Map<?, ?> config : List.of(
            Map.of(), Map.of("singularity", Map.of("enabled", false)), Map.of("singularity", "enabled"), Map.of("docker", Map.of())))
            assertEquals("", ContainerRule.shellCode(config, Map.of("TOKEN", bytes("`id`"))));
    }

    /** NXF_DEBUG=2 sets -x, which would print the command lines of engines that have values in them. */
    @Test
    void doesNotTraceCommandLinesWithValues() throws Exception {
        for (String engine : List.of("singularity", "charliecloud")) {
            values("TOKEN", bytes("the-value"));
            Global.setConfig(Map.of(engine, Map.of("enabled", true)));
            String code = TaskSecrets.shellCode(run.open(), List.of("TOKEN"));
            Programs.Ended ended = Programs.bash("set -eux", code + "\n: $TOKEN", Map.of());
            assertFalse(ended.stderr().contains("the-value"), ended.stderr());
            assertEquals("the-value", ended.environment().get("TOKEN"));
        }
    }

    private String launch(String engine) {
        return switch (engine) {
            case "docker" -> DOCKER;
            case "podman" -> DOCKER.replace("docker", "podman");
            case "singularity", "apptainer" -> SINGULARITY.replace("singularity", engine).replace("@", "");
            case "charliecloud" -> CHARLIECLOUD;
            case "sarus" -> "sarus pull img 1>&2\nsarus run -e \"TOKEN\" img /bin/bash -ue /w/.command.sh";
            case "smolvm" -> "smolvm machine run -i -e \"TOKEN\" --image img /bin/bash -ue /w/.command.sh";
            case "udocker" -> "((udocker.py images | grep -E -o \"^img\\s\") || udocker.py pull \"img\")>/dev/null\n"
                + "[[ $? != 0 ]] && exit 1\nudocker.py run --rm -e \"TOKEN\" $(udocker.py create \"img\") /bin/bash";
            default -> throw new IllegalArgumentException(engine);
        };
    }

    private void values(Object... namesAndValues) throws Exception {
        Map<String, byte[]> values = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) values.put((String) namesAndValues[i], (byte[]) namesAndValues[i + 1]);
        if (run != null) Programs.run(List.of("rm", "-rf", run.path().toString()), Map.of());
        run = MadeRun.in(temporary, values);
    }

    private Programs.Ended task(String engine, String launch) throws Exception {
        Global.setConfig(Map.of(engine, Map.of("enabled", true)));
        RunDirectory directory = run.open();
        String code = TaskSecrets.shellCode(directory, List.copyOf(directory.names()));
        return Programs.bash("set -eu\nnxf_launch() {\n    " + launch + "\n}", code, Map.of("LANG", "C.UTF-8"));
    }

    private void passes(String engine, String launch) throws Exception {
        Programs.Ended ended = task(engine, launch);
        assertEquals(0, ended.status(), engine + ": " + ended.stderr());
        Map<String, String> found = ended.environment();
        assertTrue(found.keySet().containsAll(run.open().names()), found.keySet().stream().collect(Collectors.joining(" ")));
    }

    /** Asserts that the task fails before any value is in an environment, and returns its message. */
    private String refuses(String engine, String launch) throws Exception {
        Programs.Ended ended = task(engine, launch);
        assertEquals(1, ended.status(), engine + ": " + ended.stderr());
        assertEquals("", ended.text());
        assertEquals(1, ended.stderr().lines().count(), ended.stderr());
        return ended.stderr().strip();
    }
}
