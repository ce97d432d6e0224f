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
 * Finds secrets whose values the pipeline has written into files of its own: by `${secrets.NAME}` in a script or a
 * directive, by what a task prints. It is the pipeline's doing, and is told by name and file.
 */
final class Exposures {
    /** How long a run's end waits for what is still to be searched: one that somebody has stopped is to end soon. */
    private static final Duration AT_END = Duration.ofSeconds(20);
    private static final Duration WHEN_STOPPED = Duration.ofSeconds(5);
    /** What stands in every log, whatever the pipeline. */
    private static final String LOG_WORDS = "DEBUG INFO WARN ERROR TRACE [main] nextflow Nextflow Session process task executor local "
        + "COMPLETED SUBMITTED RUNNING FAILED ABORTED CACHED jobId exit status workDir started completed script null true false";
    /** In what Nextflow writes into every `.command.run`. */
    private static final List<String> TEMPLATES = List.of("command-run.txt", "command-trace.txt", "command-env.txt", "modules-env.txt");

    private static final Logger log = LoggerFactory.getLogger(Exposures.class);
    private static volatile Exposures current;

    private final RunDirectory directory;
    private final EventLog events;
    private final Map<String, List<String>> unreadable = new TreeMap<>();
    /** Set as the run begins, before there are tasks; null where nothing is searched. */
    private volatile SearchTerms terms;
    private volatile ExposureSearch search;
    private Session session;
    private RunFiles runFiles;

    Exposures(RunDirectory directory, EventLog events) {
        this.directory = directory;
        this.events = events;
    }

    /** Ends the search of this JVM's run, if there is one: before this plugin is stopped, and again as the JVM ends. */
    static void finishCurrent() {
        Exposures exposures = current;
        try {
            if (exposures != null) exposures.finish();
        } catch (RuntimeException | LinkageError error) {
            log.warn("nf-escrow: the search for exposed secrets was not completed ({})", error.getClass().getSimpleName());
        }
    }

    /** Where secrets are on AWS, their values are not here: then nothing is searched, and the daemon is not told that it was. */
    void begin(Session created) {
        if (directory.hasReferences()) return;
        try {
            session = created;
            terms = new SearchTerms(values(), common(created));
            runFiles = new RunFiles(created);
            search = new ExposureSearch(terms, created.getWorkDir(), ExposureSearch.Limits.USUAL, this::tell);
        } catch (RuntimeException | LinkageError error) {
            // A version of Nextflow in which something is called otherwise.
            log.warn("nf-escrow: files are not searched for exposed secrets ({})", error.getClass().getSimpleName());
            return;
        }
        current = this;
        // For a run that ends without stopping its plugins.
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

    /** Whether every value is known, and so masked. */
    boolean knowsValues() {
        return terms != null && unreadable.isEmpty();
    }

    /** A text of the pipeline's making, with `[secret]` for each value in it: a tag can hold one. */
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

    private void tell(Finding finding) {
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

    /** The run's secrets do not change. One that cannot be read fails the tasks that want it, not this. */
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
                continue; // then a value that is a word of it is found more often than it was written
            }
        List<Object> names = new ArrayList<>(List.of(
            LOG_WORDS, session.getWorkDir(), Path.of("").toAbsolutePath(), System.getProperty("user.name", ""),
            System.getProperty("user.home", ""), session.getRunName()));
        try {
            names.add(Files.readString(Path.of("/proc/sys/kernel/hostname"))); // asks no name server
        } catch (IOException unknown) {
            log.debug("the name of this machine cannot be read");
        }
        // Apart, so that no value is found across the end of one.
        for (Object name : names) texts.add((name.toString().strip() + "\n").getBytes(StandardCharsets.UTF_8));
        return texts;
    }
}
