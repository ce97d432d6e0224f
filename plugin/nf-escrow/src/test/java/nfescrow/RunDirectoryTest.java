package nfescrow;

import static nfescrow.MadeRun.bytes;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunDirectoryTest {
    private static final int NOBODY = 65534;

    @TempDir
    Path temporary;

    private MadeRun run;

    @BeforeEach
    void createRun() throws IOException {
        run = MadeRun.in(temporary, Map.of("TOKEN", bytes("a value\n")));
    }

    @Test
    void readsTheFilesOfTheDaemon() throws Exception {
        RunDirectory directory = run.open();
        assertEquals(MadeRun.ID, directory.id());
        assertEquals(MadeRun.WORKSPACE, directory.description().workspace());
        assertEquals(Set.of("TOKEN"), directory.names());
        assertEquals(Map.of("NF_ESCROW_RUN", "", "NXF_SECRETS_FILE", "/home/x/store.json"), directory.restored());
        assertArrayEquals(bytes("a value\n"), directory.read("TOKEN"));
    }

    @Test
    void rejectsFilesOfAnotherUser() throws Exception {
        assumeTrue(Programs.isRoot(), "only root can change the owner of a file");
        for (Path path : List.of(run.path(), run.path().resolve("run.json"))) {
            Files.setAttribute(path, "unix:uid", NOBODY);
            refused(run.path(), path.getFileName() + " belongs to another user");
            Files.setAttribute(path, "unix:uid", 0);
        }
        Files.setAttribute(run.secret("TOKEN"), "unix:uid", NOBODY);
        unreadable("TOKEN belongs to another user");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rwxr-x---", "rwx--x---", "rwx-w----", "rwx---r--", "rwx-----x", "rwx----w-"})
    void rejectsADirectoryThatIsAccessibleToOthers(String permissions) throws Exception {
        MadeRun.chmod(run.path(), permissions);
        refused(run.path(), "is accessible to other users");
    }

    @Test
    void rejectsAFileThatIsAccessibleToOthers() throws Exception {
        MadeRun.chmod(run.secret("TOKEN"), "rw-r-----");
        unreadable("TOKEN is accessible to other users");
        MadeRun.chmod(run.path().resolve("run.json"), "rw----r--");
        refused(run.path(), "run.json is accessible to other users");
    }

    @Test
    void rejectsLinks() throws Exception {
        Path elsewhere = Files.createDirectory(temporary.resolve("elsewhere"));
        Path link = Files.createSymbolicLink(elsewhere.resolve(MadeRun.ID), run.path());
        refused(link, "is not a directory");
        replaceByLink(run.secret("TOKEN"));
        unreadable("TOKEN is not a regular file");
        replaceByLink(run.path().resolve("run.json"));
        refused(run.path(), "run.json is not a regular file");
    }

    @Test
    void rejectsTheDirectoryOfAnotherRun() throws Exception {
        run.write("run.json", MadeRun.json("r20260101other000", Map.of()));
        refused(run.path(), "it belongs to another run");
        refused(Path.of(MadeRun.ID), "the path is not absolute");
        refused(temporary.resolve("nowhere"), "cannot read nowhere (not found)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "null", "{", "{\"run\":", "\"text\"", "{\"run\":\"r20260101abcdefgh\"}", "\0"})
    void rejectsAnInvalidRunJson(String text) throws Exception {
        run.write("run.json", text);
        assertThrows(UnusableRunException.class, run::open);
    }

    @Test
    void rejectsAFifoInPlaceOfAFile() throws Exception {
        for (String name : List.of("secrets/TOKEN.size", "secrets/TOKEN", "run.json")) {
            Path file = run.path().resolve(name);
            RunDirectory open = name.equals("run.json") ? null : run.open();
            Files.delete(file);
            assertEquals(0, Programs.run(List.of("mkfifo", "-m", "600", file.toString()), Map.of()).status());
            UnusableRunException error = assertThrows(UnusableRunException.class,
                () -> { if (open == null) run.open(); else open.read("TOKEN"); });
            assertTrue(error.getMessage().contains("is not a regular file"), error.getMessage());
        }
    }

    @Test
    void rejectsAnIncompleteSecret() throws Exception {
        try (FileChannel file = FileChannel.open(run.secret("TOKEN"), StandardOpenOption.WRITE)) {
            file.truncate(3);
        }
        unreadable("the file is incomplete");
        run.write("secrets/TOKEN", "");
        unreadable("the file is incomplete");
        run.write("secrets/TOKEN", "a longer value\n");
        unreadable("the file is incomplete");
        run.write("secrets/TOKEN", "a value\n");
        for (String size : List.of("", "8x", "-8", "none")) {
            run.write("secrets/TOKEN.size", size);
            unreadable("the file is incomplete");
        }
        Files.delete(run.secret("TOKEN.size"));
        unreadable("cannot read TOKEN.size (not found)");
        Files.delete(run.secret("TOKEN"));
        unreadable("cannot read TOKEN (not found)");
    }

    /** Several JVMs at once, as when a pipeline starts Nextflow. */
    @Test
    void isClaimedByOneProcessOnly() throws Exception {
        List<Process> started = new ArrayList<>();
        for (int i = 0; i < 3; i++) started.add(Programs.startJava(ClaimingProgram.class, Map.of(), run.path()));
        List<String> outputs = new ArrayList<>();
        for (Process process : started) outputs.add(Programs.end(process).text());
        assertEquals(List.of("false\n", "false\n", "true\n"), outputs.stream().sorted().toList());
        assertFalse(run.open().claim(), "no later process can claim it");
        assertEquals("rw-------", permissions("head.json"));
        assertTrue(Files.readString(run.path().resolve("head.json")).contains("\"pid\":"));
    }

    @Test
    void isNotClaimedThroughALink() throws Exception {
        Path victim = Files.writeString(temporary.resolve("victim"), "untouched");
        Files.createSymbolicLink(run.path().resolve("head.json"), victim);
        assertFalse(run.open().claim());
        Files.delete(run.path().resolve("head.json"));
        Files.createSymbolicLink(run.path().resolve("head.json"), temporary.resolve("dangling"));
        assertFalse(run.open().claim());
        assertEquals("untouched", Files.readString(victim));
        assertFalse(Files.exists(temporary.resolve("dangling")));
    }

    @Test
    void deletesItsStore() throws Exception {
        RunDirectory directory = run.open();
        directory.deleteStore(); // does nothing without a store
        run.write("store.json", "[]");
        try (FileChannel held = FileChannel.open(run.path().resolve("store.json"), StandardOpenOption.READ)) {
            directory.deleteStore();
            assertEquals(0, held.size(), "a process that has it open reads nothing");
        }
        Path victim = Files.writeString(temporary.resolve("victim"), "untouched");
        Path link = Files.createSymbolicLink(run.path().resolve("store.json"), victim);
        directory.deleteStore();
        assertEquals("untouched", Files.readString(victim));
        assertTrue(Files.isSymbolicLink(link), "leaves a link to the purge at the end of the run");
        Files.delete(link);
        try (var left = Files.list(run.path())) {
            assertEquals(List.of("armed", "run.json", "secrets"), left.map(path -> path.getFileName().toString()).sorted().toList());
        }
    }

    private void refused(Path path, String reason) {
        UnusableRunException error = assertThrows(UnusableRunException.class, () -> RunDirectory.open(path));
        assertTrue(error.getMessage().contains(reason), error.getMessage());
    }

    private void unreadable(String reason) throws UnusableRunException {
        RunDirectory directory = run.open();
        UnusableRunException error = assertThrows(UnusableRunException.class, () -> directory.read("TOKEN"));
        assertTrue(error.getMessage().contains(reason), error.getMessage());
    }

    private void replaceByLink(Path file) throws IOException {
        Path target = temporary.resolve("target-of-" + file.getFileName());
        Files.move(file, target);
        Files.createSymbolicLink(file, target);
    }

    private String permissions(String name) throws IOException {
        return PosixFilePermissions.toString(
            Files.getPosixFilePermissions(run.path().resolve(name), LinkOption.NOFOLLOW_LINKS));
    }
}
