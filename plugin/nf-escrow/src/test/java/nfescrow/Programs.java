package nfescrow;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Runs programs with a given environment and waits for their end. */
final class Programs {
    record Ended(int status, byte[] stdout, String stderr) {
        String text() {
            return new String(stdout, StandardCharsets.UTF_8);
        }

        /** Returns the output of `cat /proc/self/environ`, with each byte as a character of ISO 8859-1. */
        Map<String, String> environment() {
            Map<String, String> found = new LinkedHashMap<>();
            for (String entry : new String(stdout, StandardCharsets.ISO_8859_1).split("\0")) {
                int at = entry.indexOf('=');
                if (at > 0) found.put(entry.substring(0, at), entry.substring(at + 1));
            }
            return found;
        }
    }

    private static final Map<Process, Path> STDERR = new ConcurrentHashMap<>();

    private Programs() {}

    static boolean isRoot() throws IOException {
        return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
    }

    /** Runs shell code like a task: bash executes it, then a program prints its environment. */
    static Ended bash(String options, String code, Map<String, String> environment) throws IOException, InterruptedException {
        String script = options + "\n" + code + "\ncommand -p cat /proc/self/environ\n";
        return run(List.of("/bin/bash", "--norc", "-c", script), environment);
    }

    static Process startJava(Class<?> main, Map<String, String> environment, Object... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
            Path.of(System.getProperty("java.home"), "bin/java").toString(), "-XX:TieredStopAtLevel=1",
            "-cp", System.getProperty("java.class.path"), main.getName()));
        for (Object argument : arguments) command.add(argument.toString());
        return start(command, environment);
    }

    static Ended run(List<String> command, Map<String, String> environment) throws IOException, InterruptedException {
        return end(start(command, environment));
    }

    static Process start(List<String> command, Map<String, String> environment) throws IOException {
        Path errors = Files.createTempFile(Files.createDirectories(Path.of("target/tmp")), "stderr", "");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
        builder.environment().clear();
        builder.environment().put("PATH", System.getenv("PATH"));
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        STDERR.put(process, errors);
        return process;
    }

    static Ended end(Process process) throws IOException, InterruptedException {
        try (InputStream output = process.getInputStream()) {
            byte[] stdout = output.readAllBytes();
            return new Ended(process.waitFor(), stdout, new String(Files.readAllBytes(STDERR.get(process)), StandardCharsets.UTF_8));
        } finally {
            process.destroyForcibly();
            Files.deleteIfExists(STDERR.remove(process));
        }
    }
}
