package nfescrow;

import groovy.json.JsonOutput;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;

/** A run directory like those of the daemon: daemon/run-directory/create.ts. */
record MadeRun(Path path) {
    static final String ID = "r20260101abcdefgh";
    static final String WORKSPACE = "lab/rna";

    static MadeRun in(Path parent, Map<String, byte[]> secrets) throws IOException {
        Path path = Files.createDirectory(parent.resolve(ID), mode("rwx------"));
        MadeRun run = new MadeRun(path);
        run.write("run.json", json(ID, secrets));
        run.write("armed", "");
        Files.createDirectory(path.resolve("secrets"), mode("rwx------"));
        for (Map.Entry<String, byte[]> secret : secrets.entrySet()) {
            run.write("secrets/" + secret.getKey(), secret.getValue());
            run.write("secrets/" + secret.getKey() + ".size", secret.getValue().length + "\n");
        }
        return run;
    }

    static String json(String id, Map<String, byte[]> secrets) {
        return JsonOutput.toJson(Map.of(
            "run", id, "ledger", "l", "workspace", WORKSPACE, "secrets", secrets.keySet(),
            "restore", Map.of("NF_ESCROW_RUN", "", "NXF_SECRETS_FILE", "/home/x/store.json")));
    }

    RunDirectory open() throws UnusableRunException {
        return RunDirectory.open(path);
    }

    Path secret(String name) {
        return path.resolve("secrets").resolve(name);
    }

    /** Creates or replaces a file, with mode 0600. */
    void write(String name, byte[] bytes) throws IOException {
        Path file = path.resolve(name);
        Files.deleteIfExists(file);
        Files.createFile(file, mode("rw-------"));
        Files.write(file, bytes);
    }

    void write(String name, String text) throws IOException {
        write(name, bytes(text));
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static void chmod(Path path, String permissions) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    }

    private static FileAttribute<?> mode(String permissions) {
        return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
    }
}
