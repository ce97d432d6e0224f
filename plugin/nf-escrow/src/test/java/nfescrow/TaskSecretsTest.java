package nfescrow;

import static nfescrow.MadeRun.bytes;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import nextflow.Global;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs the shell code in bash, and compares the environment of a program that bash starts byte by byte. */
class TaskSecretsTest {
    private static final int LONGEST = 65_536;

    @TempDir
    Path temporary;

    @BeforeEach
    void noContainers() {
        Global.setConfig(Map.of());
    }

    /** Values with characters that may be interpreted in transit. Without NUL, which an environment cannot contain. */
    private static Map<String, byte[]> corpus() {
        List<String> texts = new ArrayList<>(List.of(
            "\n", "\n\n\n", "a\n", "a\n\n", "\na", "\n\na\n\n", "x", "xx", "x\n", " ", "  a  ", "\t", "a\r\nb\r\n", "\r",
            "'", "\"", "'\"'\"", "`id`", "$(id)", "${HOME}", "$HOME", "\\", "\\\\", "a\\", "a\\\n", "\\n", "%s%n%d", "!!", "!x",
            "-n", "-e x", "--", "*", "?", "[a-z]", "~", "a b  c", "NAME=x", "A=1\nB=2\n", "#x", ";id", "&", "|", ">x", "(", "{a,b}",
            "EOF", "\u00e9\u6f22\ud83d\ude00", "\u0001\u0002\u007f", "\u0001\u0001", "()\u007b :;}; id", "0", "=", "==", "\u001b[31m"));
        Map<String, byte[]> values = new LinkedHashMap<>();
        for (String text : texts) values.put("TEXT_" + values.size(), bytes(text));
        byte[] all = new byte[255];
        for (int i = 0; i < 255; i++) all[i] = (byte) (i + 1);
        values.put("ALL_BYTES", all);
        for (int i = 1; i < 256; i++) values.put("BYTE_" + i, new byte[] {(byte) i});
        for (int i = 1; i < 255; i += 2) values.put("BYTES_" + i, new byte[] {(byte) i, 'x', (byte) (i + 1), '\n', (byte) i});
        Random random = new Random(7);
        for (int i = 0; i < 60; i++) values.put("RANDOM_" + i, random(random, 1 + random.nextInt(400)));
        values.put("LONGEST", random(random, LONGEST));
        values.put("LONG_LINES", "\n".repeat(LONGEST).getBytes(StandardCharsets.US_ASCII));
        return values;
    }

    private static byte[] random(Random random, int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) bytes[i] = (byte) (1 + random.nextInt(255));
        return bytes;
    }

    @ParameterizedTest
    @CsvSource({
        "set -eu, POSIX", "set -eu, C.UTF-8", "set -u, C.UTF-8", "set -e, C", "set -euo pipefail, ''",
        "true, C.UTF-8", "set -eu, xx_XX.UTF-8", "set -eux, C.UTF-8"})
    void deliversAnyBytes(String options, String locale) throws Exception {
        Map<String, byte[]> values = corpus();
        Programs.Ended ended = give(values, options, Map.of("LANG", locale, "LC_ALL", locale));
        assertEquals(0, ended.status(), ended.stderr());
        Map<String, String> found = ended.environment();
        int exact = 0;
        for (Map.Entry<String, byte[]> value : values.entrySet()) {
            assertEquals(new String(value.getValue(), StandardCharsets.ISO_8859_1), found.get(value.getKey()), value.getKey());
            exact++;
        }
        assertEquals(values.size(), exact);
        assertEquals(locale, found.get("LC_ALL"), "does not change the task's locale");
        // Bash warns about a locale that is not installed once, when it starts. `set -x` prints no value.
        assertFalse(ended.stderr().lines().anyMatch(line -> line.contains(": line ") && line.contains("setlocale")), ended.stderr());
        assertFalse(ended.stderr().contains("${HOME}"), "prints no value");
        if (!options.endsWith("x") && !locale.startsWith("xx")) assertEquals("", ended.stderr());
    }

    @Test
    void deliversOnlyDeclaredSecretsAndDefinesNothingElse() throws Exception {
        MadeRun run = MadeRun.in(temporary, Map.of("TOKEN", bytes("OTHER=x\n"), "OTHER", bytes("not for it")));
        String code = TaskSecrets.shellCode(run.open(), List.of("TOKEN", "TOKEN"));
        Programs.Ended ended = Programs.bash("set -eu", code + "\ndeclare -F; compgen -v | command -p grep -i nf_escrow || true", Map.of());
        assertEquals(0, ended.status(), ended.stderr());
        String output = ended.text();
        assertTrue(output.startsWith("TOKEN=") || output.contains("\0TOKEN=OTHER=x\n\0"), output);
        assertFalse(output.contains("not for it"), output);
        assertFalse(output.contains("nf_escrow"), "leaves no function or variable: " + output);
    }

    /** Includes names that the code itself might use. */
    @Test
    void deliversASecretWithAnyName() throws Exception {
        Map<String, byte[]> values = new LinkedHashMap<>();
        for (String name : List.of("IFS", "LC_ALL", "file", "size", "value", "name", "x1", "_file", "HOSTNAME", "LANG", "zz"))
            values.put(name, bytes("8 of " + name + "\n"));
        Programs.Ended ended = give(values, "set -eu", Map.of());
        Map<String, String> found = ended.environment();
        for (String name : values.keySet()) assertEquals("8 of " + name + "\n", found.get(name), name + ended.stderr());
    }

    /** Each variable that bash defines is delivered exactly or rejected by name. */
    @Test
    void rejectsASecretWhoseNameBashReserves() throws Exception {
        List<String> own = Programs.run(List.of("/bin/bash", "--norc", "-c", "compgen -v"), Map.of()).text().lines()
            .filter(name -> name.matches("[A-Za-z]\\w+")).toList();
        assertTrue(own.size() > 20, own.toString());
        Map<String, byte[]> values = new LinkedHashMap<>();
        for (String name : own) values.put(name, bytes("8 of " + name + "\n"));
        RunDirectory directory = MadeRun.in(temporary, values).open();
        List<String> refused = new ArrayList<>();
        for (String name : own) {
            try {
                Programs.Ended ended = Programs.bash("set -eu", TaskSecrets.shellCode(directory, List.of(name)), Map.of());
                assertEquals("8 of " + name + "\n", ended.environment().get(name), name + ended.stderr());
            } catch (UnusableRunException error) {
                assertTrue(error.getMessage().contains("cannot deliver secret " + name + ": bash reserves"), error.getMessage());
                refused.add(name);
            }
        }
        assertTrue(refused.containsAll(List.of("UID", "SECONDS", "RANDOM", "PPID", "SHELLOPTS", "BASHOPTS", "BASH_VERSINFO")), refused.toString());
        assertFalse(refused.contains("PATH") || refused.contains("HOSTNAME") || refused.contains("IFS"), refused.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/nowhere"})
    void worksWithoutPath(String path) throws Exception {
        Programs.Ended ended = give(Map.of("TOKEN", bytes("v\n\n")), "set -eu; PATH='" + path + "'", Map.of());
        assertEquals("v\n\n", ended.environment().get("TOKEN"), ended.stderr());
    }

    @Test
    void doesNotRunPlantedPrograms() throws Exception {
        Path planted = Files.createDirectory(temporary.resolve("bin"));
        Files.writeString(planted.resolve("cat"), "#!/bin/sh\necho planted\n");
        MadeRun.chmod(planted.resolve("cat"), "rwx------");
        Programs.Ended ended = give(Map.of("TOKEN", bytes("v")), "set -eu; PATH=" + planted, Map.of());
        assertEquals("v", ended.environment().get("TOKEN"), ended.stderr());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "with blanks  two", "it's", "a \"quoted\" one", "$(touch pwned)", "`touch pwned`", "back\\slash", "${HOME}", "d\u00e9j\u00e0 \u6f22",
        "a;touch pwned", "a\nnewline", "*", "-n", "~", "!x", "[a]", "#x", "--no-eval"})
    void worksInADirectoryWithAnyName(String name) throws Exception {
        MadeRun run = MadeRun.in(Files.createDirectory(temporary.resolve(name)), Map.of("TOKEN", bytes("v\n")));
        String code = TaskSecrets.shellCode(run.open(), List.of("TOKEN"));
        Programs.Ended ended = Programs.bash("set -eu; cd '" + temporary + "'", code, Map.of("LANG", "C.UTF-8"));
        assertEquals("v\n", ended.environment().get("TOKEN"), ended.stderr());
        assertEquals("", ended.stderr());
        assertFalse(Files.exists(temporary.resolve("pwned")), "executes nothing in the name");
    }

    @ParameterizedTest
    @ValueSource(strings = {"set -eu", "set +eu"})
    void failsWithOneLineIfAFileHasChanged(String options) throws Exception {
        String missing = "is missing or not readable";
        String cut = "is incomplete";
        failsWith(options, run -> Files.delete(run.secret("TOKEN")), missing);
        failsWith(options, run -> Files.delete(run.secret("TOKEN.size")), missing);
        failsWith(options, run -> run.write("secrets/TOKEN", ""), cut);
        failsWith(options, run -> run.write("secrets/TOKEN", "the-val"), cut);
        failsWith(options, run -> run.write("secrets/TOKEN", "the-value\n"), cut);
        failsWith(options, run -> run.write("secrets/TOKEN.size", "8\n"), cut);
        failsWith(options, run -> run.write("secrets/TOKEN.size", ""), cut);
        failsWith(options, run -> run.write("secrets/TOKEN", "the-valu\0"), cut);
        failsWith(options, run -> replaceBy(run.secret("TOKEN"), "mkdir"), missing);
        failsWith(options, run -> replaceBy(run.secret("TOKEN"), "mkfifo"), missing);
        failsWith(options, run -> replaceBy(run.secret("TOKEN.size"), "mkfifo"), missing);
        failsWith(options, run -> removeAll(run.path()), missing);
    }

    /**
     * As on a compute node where the directory belongs to another user, or root has no access (NFS with root_squash).
     */
    @Test
    void failsWithOneLineIfAnotherUserRunsTheTask() throws Exception {
        assumeTrue(Programs.isRoot(), "only root can switch users");
        MadeRun run = MadeRun.in(temporary, Map.of("TOKEN", bytes("the-value")));
        String code = TaskSecrets.shellCode(run.open(), List.of("TOKEN"));
        Programs.Ended ended = Programs.run(
            List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/bin/bash", "-c", "set -eu\n" + code + "\nenv"), Map.of());
        assertEquals(1, ended.status());
        assertTrue(ended.stderr().contains("cannot read secret TOKEN on "), ended.stderr());
        assertEquals("", ended.text());
    }

    private interface Damage {
        void to(MadeRun run) throws IOException, InterruptedException;
    }

    /** Damages the run directory after the head's checks and before the task starts. */
    private void failsWith(String options, Damage damage, String reason) throws Exception {
        removeAll(temporary.resolve(MadeRun.ID));
        MadeRun run = MadeRun.in(temporary, Map.of("TOKEN", bytes("the-value"), "FINE", bytes("x")));
        String code = TaskSecrets.shellCode(run.open(), List.of("FINE", "TOKEN"));
        damage.to(run);
        Programs.Ended ended = Programs.bash(options, code, Map.of("HOSTNAME", "node7"));
        assertEquals(1, ended.status(), reason);
        assertEquals("", ended.text(), "the task stops");
        List<String> lines = ended.stderr().lines().toList();
        assertEquals(1, lines.size(), ended.stderr());
        assertTrue(lines.get(0).startsWith("nf-escrow: cannot read secret "), lines.get(0));
        assertTrue(lines.get(0).endsWith(reason), lines.get(0));
        assertFalse(ended.stderr().contains("the-val"), "prints no part of a value");
        assertNull(ended.environment().get("TOKEN"));
    }

    private Programs.Ended give(Map<String, byte[]> values, String options, Map<String, String> environment) throws Exception {
        MadeRun run = MadeRun.in(temporary, values);
        return Programs.bash(options, TaskSecrets.shellCode(run.open(), List.copyOf(values.keySet())), environment);
    }

    private static void replaceBy(Path file, String program) throws IOException, InterruptedException {
        Files.delete(file);
        Programs.run(List.of(program, file.toString()), Map.of());
    }

    private static void removeAll(Path directory) throws IOException, InterruptedException {
        Programs.run(List.of("rm", "-rf", directory.toString()), Map.of());
    }
}
