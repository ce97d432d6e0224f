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
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A run directory as nf-escrow's NextflowStore makes it: `run.json` (names, no values), `secrets/NAME` (the exact bytes)
 * with `secrets/NAME.size` (their number, so that a file that was cut is never taken for a value).
 */
final class RunDirectory {
    /** Of `run.json`: names of secrets, and where they were looked for. */
    private static final int RUN_JSON_MAX = 1 << 20;

    private static final Set<PosixFilePermission> OTHERS = EnumSet.of(
        PosixFilePermission.GROUP_READ, PosixFilePermission.GROUP_WRITE, PosixFilePermission.GROUP_EXECUTE,
        PosixFilePermission.OTHERS_READ, PosixFilePermission.OTHERS_WRITE, PosixFilePermission.OTHERS_EXECUTE);
    private static final Logger log = LoggerFactory.getLogger(RunDirectory.class);

    private final Path path;
    private final String id;
    private final String workspace;
    private final Set<String> names;
    private final Map<String, String> restored;

    private RunDirectory(Path path, String id, String workspace, Set<String> names, Map<String, String> restored) {
        this.path = path;
        this.id = id;
        this.workspace = workspace;
        this.names = names;
        this.restored = restored;
    }

    /** Opens a run directory that is ours alone: not a link, our own, closed to others, and of the run it is named after. */
    static RunDirectory open(Path path) throws UnusableRunException {
        if (!path.isAbsolute()) throw new UnusableRunException("it is not an absolute path");
        assertPrivate(path, true);
        Path file = path.resolve("run.json");
        assertPrivate(file, false);
        Map<?, ?> run = readRun(file);
        Object id = run.get("run");
        if (!path.getFileName().toString().equals(id)) throw new UnusableRunException("it is of another run");
        if (!(run.get("secrets") instanceof List<?> secrets) || !(run.get("workspace") instanceof String workspace))
            throw new UnusableRunException("run.json tells no secrets");
        Set<String> names = new LinkedHashSet<>();
        for (Object secret : secrets) names.add(String.valueOf(secret));
        Map<String, String> restored = new LinkedHashMap<>();
        if (run.get("restore") instanceof Map<?, ?> restore)
            restore.forEach((name, value) -> restored.put(String.valueOf(name), value == null ? "" : value.toString()));
        return new RunDirectory(path, id.toString(), workspace, names, restored);
    }

    String path() {
        return path.toString();
    }

    String id() {
        return id;
    }

    /** ORGANIZATION/NAME: where, besides the user's own, secrets were looked for. */
    String workspace() {
        return workspace;
    }

    /** The names of the run's secrets. */
    Set<String> names() {
        return names;
    }

    /** Variables of ours, and what tasks would have in them without us; an empty text for nothing. */
    Map<String, String> restored() {
        return restored;
    }

    Path secret(String name) {
        return path.resolve("secrets").resolve(name);
    }

    /** Whether its secrets are on AWS, and here is only by what they are found there. */
    boolean hasReferences() {
        return Files.exists(path.resolve("references.json"), LinkOption.NOFOLLOW_LINKS);
    }

    Path events() {
        return path.resolve("events.jsonl");
    }

    /** The exact bytes of a secret of this run. Throws, with a clause that says why, where they cannot be had whole. */
    byte[] read(String name) throws UnusableRunException {
        Path file = secret(name);
        Path sizeFile = file.resolveSibling(name + ".size");
        try {
            assertPrivate(file, false);
            assertPrivate(sizeFile, false);
            byte[] bytes = Files.readAllBytes(file);
            String size = Files.readString(sizeFile, StandardCharsets.US_ASCII).trim();
            if (!size.equals(String.valueOf(bytes.length))) throw new UnusableRunException("its file is not whole");
            return bytes;
        } catch (IOException error) {
            throw new UnusableRunException("its file cannot be read (" + reason(error) + ")");
        }
    }

    /**
     * Makes this JVM the head of the run; false where another one is already. A file that is made exclusively says so,
     * also to the next JVM.
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
            throw new UnusableRunException("head.json cannot be made (" + reason(error) + ")");
        }
    }

    /**
     * Removes `store.json`, which Nextflow needs only until its configuration is read: rename, truncate, unlink, so that
     * who still has it open reads nothing. What cannot be removed now the end of the run removes.
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
            log.debug("store.json is gone already");
        } catch (IOException error) {
            log.warn("nf-escrow: store.json in {} could not be removed yet ({})", Printable.of(path), reason(error));
        }
    }

    private static Map<?, ?> readRun(Path file) throws UnusableRunException {
        try {
            if (Files.size(file) > RUN_JSON_MAX) throw new UnusableRunException("run.json is too big");
            if (new JsonSlurper().parse(Files.readAllBytes(file)) instanceof Map<?, ?> run) return run;
            throw new UnusableRunException("run.json is no object");
        } catch (IOException | RuntimeException error) {
            throw new UnusableRunException("run.json cannot be read");
        }
    }

    private static void assertPrivate(Path path, boolean isDirectory) throws UnusableRunException {
        String what = path.getFileName().toString();
        PosixFileAttributes found;
        try {
            found = Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (IOException error) {
            throw new UnusableRunException(what + " cannot be read (" + reason(error) + ")");
        }
        if (isDirectory ? !found.isDirectory() : !found.isRegularFile())
            throw new UnusableRunException(what + " is no " + (isDirectory ? "directory" : "plain file"));
        if (!found.owner().getName().equals(OwnUser.name(path)))
            throw new UnusableRunException(what + " belongs to another user");
        if (found.permissions().stream().anyMatch(OTHERS::contains))
            throw new UnusableRunException(what + " is open to others");
    }

    /** What an I/O error says besides the path, which the message around it has. */
    static String reason(IOException error) {
        if (error instanceof NoSuchFileException) return "it is not there";
        if (error instanceof java.nio.file.AccessDeniedException) return "permission denied";
        return error.getClass().getSimpleName();
    }
}
