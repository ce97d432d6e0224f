package nfescrow.exposures;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** Files that were not searched, counted by reason, with one example each. */
public final class Gaps {
    /** The file exceeds the read limit of its task or run. */
    public static final String BUDGET = "budget";
    /** A link, FIFO or similar exists where Nextflow writes a regular file. */
    public static final String NOT_PLAIN = "not-plain";
    /** The file could not be read. */
    public static final String UNREADABLE = "unreadable";
    /** The file is not on a file system of this host. */
    public static final String REMOTE = "remote";
    /** The time limit at the end of the run was reached. */
    public static final String TIME = "time";
    /** The queue of tasks to search was full. */
    public static final String QUEUE = "queue";
    /** The search itself failed. */
    public static final String FAILED = "failed";

    private static final class Gap {
        private long count;
        private Path example;
    }

    private final Map<String, Gap> gaps = new TreeMap<>();

    synchronized void add(String reason, Path example) {
        add(reason, 1, example);
    }

    synchronized void add(String reason, long count, Path example) {
        Gap gap = gaps.computeIfAbsent(reason, none -> new Gap());
        gap.count += count;
        if (gap.example == null) gap.example = example;
    }

    /** Returns the gaps in the form of an event. `show` formats a path. */
    synchronized List<Map<String, Object>> describe(Function<Path, String> show) {
        List<Map<String, Object>> all = new ArrayList<>();
        gaps.forEach((reason, gap) -> {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("reason", reason);
            one.put("count", gap.count);
            if (gap.example != null) one.put("example", show.apply(gap.example));
            all.add(one);
        });
        return all;
    }
}
