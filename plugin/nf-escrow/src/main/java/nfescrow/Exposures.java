package nfescrow;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import nextflow.Session;
import nextflow.executor.BashWrapperBuilder;
import nextflow.processor.TaskRun;
import nfescrow.exposures.ExposureSearch;
import nfescrow.exposures.Finding;
import nfescrow.exposures.RunFiles;
import nfescrow.exposures.SearchTerms;
import nfescrow.exposures.TaskDirectory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds files in which the pipeline has written the value of a secret, through `${secrets.NAME}` in a script or
 * directive, or through the output of a task. Reports each as an event with the name of the secret and the file.
 */
final class Exposures {
    /** How long the end of a run waits for the search; shorter if the run was stopped. */
    private static final Duration AT_END = Duration.ofSeconds(20);
    private static final Duration WHEN_STOPPED = Duration.ofSeconds(5);
    /** Words that every log contains. */
    private static final String LOG_WORDS = "DEBUG INFO WARN ERROR TRACE [main] nextflow Nextflow Session process task executor local "
        + "COMPLETED SUBMITTED RUNNING FAILED ABORTED CACHED jobId exit status workDir started completed script null true false";
    /** Templates of the text that Nextflow writes into every `.command.run`. */
    private static final List<String> TEMPLATES = List.of("command-run.txt", "command-trace.txt", "command-env.txt", "modules-env.txt");

    private static final Logger log = LoggerFactory.getLogger(Exposures.class);
    private static volatile Exposures current;

    private final RunDirectory directory;
    private final EventLog events;
    private final Map<String, List<String>> unreadable = new TreeMap<>();
    /** Set when the run begins, before any task; null if nothing is searched. */
    private volatile SearchTerms terms;
    private volatile ExposureSearch search;
    private Session session;
    private RunFiles runFiles;

    Exposures(RunDirectory directory, EventLog events) {
        this.directory = directory;
        this.events = events;
    }

    /** Finishes the search of this JVM's run, if any. Called when the plugin stops and again when the JVM exits. */
    static void finishCurrent() {
        Exposures exposures = current;
        try {
            if (exposures != null) exposures.finish();
        } catch (RuntimeException | LinkageError error) {
            log.warn("nf-escrow: cannot complete the search for exposed secrets ({})", error.getClass().getSimpleName());
        }
    }

    /**
     * Starts the search. If the secrets are on AWS, their values are not available here: nothing is searched or
     * reported.
     */
    void begin(Session created) {
        if (directory.hasReferences()) return;
        try {
            session = created;
            terms = new SearchTerms(values(), common(created));
            runFiles = new RunFiles(created);
            search = new ExposureSearch(terms, created.getWorkDir(), ExposureSearch.Limits.USUAL, this::report);
        } catch (RuntimeException | LinkageError error) {
            // A version of Nextflow with different classes or methods.
            log.warn("nf-escrow: cannot search files for exposed secrets ({})", error.getClass().getSimpleName());
            return;
        }
        current = this;
        // For runs that end without stopping plugins.
        Runtime.getRuntime().addShutdownHook(new Thread(Exposures::finishCurrent, "nf-escrow-end"));
    }

    void pending(TaskRun task) {
        if (search != null && task.getWorkDir() != null) search.pending(directoryOf(task));
    }

    void submitted(TaskRun task) {
        if (search != null && task.getWorkDir() != null) search.submitted(directoryOf(task));
    }

    void completed(TaskRun task) {
        if (search != null && task.getWorkDir() != null) search.completed(directoryOf(task));
    }

    /** Returns whether every value is known, so that texts are masked completely. */
    boolean knowsValues() {
        return terms != null && unreadable.isEmpty();
    }

    /** Replaces each value in a text of the pipeline with `***NAME***`: a tag, for example, can contain a value. */
    String mask(String text) {
        return terms == null || text == null ? text : terms.mask(text);
    }

    private void finish() {
        boolean isStopped = session.isAborted() || session.isCancelled();
        Map<String, Object> result = search.finish(() -> runFiles.list(search.gaps()), isStopped ? WHEN_STOPPED : AT_END);
        if (result == null) return;
        Map<String, Object> data = new LinkedHashMap<>(result);
        if (!unreadable.isEmpty()) {
            List<Object> gaps = new ArrayList<>((List<?>) data.get("gaps"));
            unreadable.forEach((reason, names) -> gaps.add(Map.of("reason", reason, "count", names.size(), "secrets", names)));
            data.put("gaps", gaps);
            data.put("complete", false);
        }
        events.write("search", data, true);
    }

    private void report(Finding finding) {
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("file", finding.file());
        if (finding.task() != null) data.put("task", finding.task());
        if (finding.process() != null) data.put("process", finding.process());
        data.put("secrets", finding.secrets());
        events.write("exposure", data, false);
    }

    private static TaskDirectory directoryOf(TaskRun task) {
        return new TaskDirectory(String.valueOf(task.getId()), task.getProcessor().getName(), task.getWorkDir());
    }

    /**
     * Reads the run's secrets, which do not change. An unreadable one fails the tasks that declare it, not the
     * search.
     */
    private Map<String, byte[]> values() {
        Map<String, byte[]> values = new TreeMap<>();
        for (String name : directory.names()) {
            try {
                values.put(name, directory.read(name));
            } catch (UnusableRunException error) {
                unreadable.computeIfAbsent("value-unreadable", none -> new ArrayList<>()).add(name);
            }
        }
        return values;
    }

    private static List<byte[]> common(Session session) {
        List<byte[]> texts = new ArrayList<>();
        for (String template : TEMPLATES)
            try (InputStream stream = BashWrapperBuilder.class.getResourceAsStream(template)) {
                if (stream != null) texts.add(stream.readAllBytes());
            } catch (IOException unread) {
                continue; // without the template, a value that equals a word of it is reported too often
            }
        List<Object> names = new ArrayList<>(List.of(
            LOG_WORDS, session.getWorkDir(), Path.of("").toAbsolutePath(), System.getProperty("user.name", ""),
            System.getProperty("user.home", ""), session.getRunName()));
        try {
            names.add(Files.readString(Path.of("/proc/sys/kernel/hostname"))); // needs no name lookup
        } catch (IOException unknown) {
            log.debug("cannot read the host name");
        }
        // Separated by newlines, so that no value spans two texts.
        for (Object name : names) texts.add((name.toString().strip() + "\n").getBytes(StandardCharsets.UTF_8));
        return texts;
    }
}
