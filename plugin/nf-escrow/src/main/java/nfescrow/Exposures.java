package nfescrow;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import nextflow.processor.TaskRun;

/**
 * Finds secrets that the pipeline itself writes into a task's files: `${secrets.NAME}` within a script lands in
 * `.command.sh`, and within `env` in `.command.run`. It is the pipeline's doing, and is told by name.
 */
final class Exposures {
    /** Shorter values would be found everywhere. As in daemon/redaction/mask.ts. */
    private static final int SHORTEST = 4;

    private final RunDirectory directory;
    private Map<String, String> needles;

    Exposures(RunDirectory directory) {
        this.directory = directory;
    }

    /** The names of the secrets whose values stand in the script or the environment of a task. */
    List<String> in(TaskRun task) {
        List<String> texts = new ArrayList<>();
        if (task.getScript() != null) texts.add(task.getScript());
        Map<String, String> environment = task.getEnvironment();
        if (environment != null) for (Object value : environment.values()) if (value != null) texts.add(value.toString());
        return needles().entrySet().stream()
            .filter(needle -> texts.stream().anyMatch(text -> text.contains(needle.getValue())))
            .map(Map.Entry::getKey)
            .toList();
    }

    /** Read once: the run's secrets do not change. One that cannot be read fails the tasks that want it, not this. */
    private synchronized Map<String, String> needles() {
        if (needles != null) return needles;
        needles = new TreeMap<>();
        for (String name : directory.names()) {
            try {
                String value = new String(directory.read(name), StandardCharsets.UTF_8);
                if (value.length() >= SHORTEST) needles.put(name, value);
            } catch (UnusableRunException unreadable) {
                continue;
            }
        }
        return needles;
    }
}
