package nfescrow.exposures;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** What was not searched, counted by reason, with one example each. */
public final class Gaps {
    /** More was there than may be read of a task, or of a run. */
    public static final String BUDGET = "budget";
    /** A link, a FIFO or the like, where Nextflow writes a plain file. */
    public static final String NOT_PLAIN = "not-plain";
    /** It could not be read. */
    public static final String UNREADABLE = "unreadable";
    /** Not in a file system of this machine. */
    public static final String REMOTE = "remote";
    /** The time at the end of the run did not suffice. */
    public static final String TIME = "time";
    /** More tasks waited to be searched than are kept in mind. */
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

    /** As an event has them. `show`: how paths are told. */
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
