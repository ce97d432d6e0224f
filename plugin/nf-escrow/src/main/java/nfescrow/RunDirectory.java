package nfescrow;

import groovy.json.JsonOutput;
import groovy.json.JsonSlurper;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A run directory, as the daemon creates it: `run.json` (names, no values), `secrets/NAME` (the exact bytes) and
 * `secrets/NAME.size` (the number of bytes, so that a truncated file is never mistaken for a value).
 */
final class RunDirectory {
    /** Maximum bytes of `run.json`. */
    private static final int RUN_JSON_MAX = 1 << 20;

    private static final Set<PosixFilePermission> OTHERS = EnumSet.of(
        PosixFilePermission.GROUP_READ, PosixFilePermission.GROUP_WRITE, PosixFilePermission.GROUP_EXECUTE,
        PosixFilePermission.OTHERS_READ, PosixFilePermission.OTHERS_WRITE, PosixFilePermission.OTHERS_EXECUTE);
    private static final Logger log = LoggerFactory.getLogger(RunDirectory.class);

    private final Path path;
    private final RunDescription description;

    private RunDirectory(Path path, RunDescription description) {
        this.path = path;
        this.description = description;
    }

    /** Opens a run directory. It must be a real directory, private to this user, and named after its run. */
    static RunDirectory open(Path path) throws UnusableRunException {
        if (!path.isAbsolute()) throw new UnusableRunException("the path is not absolute");
        assertPrivate(path, true);
        Path file = path.resolve("run.json");
        assertPrivate(file, false);
        RunDescription description = RunDescription.of(readRun(file));
        if (!path.getFileName().toString().equals(description.id())) throw new UnusableRunException("it belongs to another run");
        return new RunDirectory(path, description);
    }

    String path() {
        return path.toString();
    }

    String id() {
        return description.id();
    }

    /** Returns what `run.json` says about the run. */
    RunDescription description() {
        return description;
    }

    /** Returns the names of the secrets in this directory. */
    Set<String> names() {
        return description.names();
    }

    /** Returns nf-escrow's variables with the values that tasks would see without nf-escrow; empty if unset. */
    Map<String, String> restored() {
        return description.restored();
    }

    Path secret(String name) {
        return path.resolve("secrets").resolve(name);
    }

    /** Returns whether the secrets are on AWS and the directory has only references to them. */
    boolean hasReferences() {
        return Files.exists(path.resolve("references.json"), LinkOption.NOFOLLOW_LINKS);
    }

    Path events() {
        return path.resolve("events.jsonl");
    }

    /** Returns the exact bytes of a secret of this run. Throws with the reason if they cannot be read completely. */
    byte[] read(String name) throws UnusableRunException {
        Path file = secret(name);
        Path sizeFile = file.resolveSibling(name + ".size");
        try {
            assertPrivate(file, false);
            assertPrivate(sizeFile, false);
            byte[] bytes = Files.readAllBytes(file);
            String size = Files.readString(sizeFile, StandardCharsets.US_ASCII).trim();
            if (!size.equals(String.valueOf(bytes.length))) throw new UnusableRunException("the file is incomplete");
            return bytes;
        } catch (IOException error) {
            throw new UnusableRunException("cannot read the file (" + reason(error) + ")");
        }
    }

    /**
     * Makes this JVM the head of the run. Returns false if another JVM is the head. A file that is created exclusively
     * decides.
     */
    boolean claim() throws UnusableRunException {
        Path file = path.resolve("head.json");
        ProcessHandle self = ProcessHandle.current();
        String text = JsonOutput.toJson(Map.of(
            "pid", self.pid(),
            "startedAt", self.info().startInstant().map(Object::toString).orElse("")));
        FileAttribute<?> mode = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        Set<StandardOpenOption> options = EnumSet.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
        try (FileChannel channel = FileChannel.open(file, options, mode)) {
            channel.write(ByteBuffer.wrap((text + "\n").getBytes(StandardCharsets.UTF_8)));
            channel.force(true);
            return true;
        } catch (FileAlreadyExistsException taken) {
            return false;
        } catch (IOException error) {
            throw new UnusableRunException("cannot create head.json (" + reason(error) + ")");
        }
    }

    /**
     * Deletes `store.json`, which Nextflow needs only until it has read its configuration. Renames, truncates and
     * unlinks the file, so that a process that has it open reads nothing. If this fails, the file is deleted at the
     * end of the run.
     */
    void deleteStore() {
        Path store = path.resolve("store.json");
        Path gone = path.resolve(".store.json.gone");
        try {
            if (!Files.isRegularFile(store, LinkOption.NOFOLLOW_LINKS)) return;
            Files.move(store, gone, StandardCopyOption.ATOMIC_MOVE);
            Files.newByteChannel(gone, Set.of(StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING, LinkOption.NOFOLLOW_LINKS)).close();
            Files.delete(gone);
        } catch (NoSuchFileException gone2) {
            log.debug("store.json is already deleted");
        } catch (IOException error) {
            log.warn("nf-escrow: cannot delete store.json in {} before the end of the run ({})", Printable.of(path), reason(error));
        }
    }

    private static Map<?, ?> readRun(Path file) throws UnusableRunException {
        try {
            if (Files.size(file) > RUN_JSON_MAX) throw new UnusableRunException("run.json is too large");
            if (new JsonSlurper().parse(Files.readAllBytes(file)) instanceof Map<?, ?> run) return run;
            throw new UnusableRunException("run.json is not a JSON object");
        } catch (IOException | RuntimeException error) {
            throw new UnusableRunException("cannot read run.json");
        }
    }

    private static void assertPrivate(Path path, boolean isDirectory) throws UnusableRunException {
        String what = path.getFileName().toString();
        PosixFileAttributes found;
        try {
            found = Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (IOException error) {
            throw new UnusableRunException("cannot read " + what + " (" + reason(error) + ")");
        }
        if (isDirectory ? !found.isDirectory() : !found.isRegularFile())
            throw new UnusableRunException(what + " is not a " + (isDirectory ? "directory" : "regular file"));
        if (!found.owner().getName().equals(OwnUser.name(path)))
            throw new UnusableRunException(what + " belongs to another user");
        if (found.permissions().stream().anyMatch(OTHERS::contains))
            throw new UnusableRunException(what + " is accessible to other users");
    }

    /** Returns the reason of an I/O error without the path, which the surrounding message contains. */
    static String reason(IOException error) {
        if (error instanceof NoSuchFileException) return "not found";
        if (error instanceof java.nio.file.AccessDeniedException) return "permission denied";
        return error.getClass().getSimpleName();
    }
}
