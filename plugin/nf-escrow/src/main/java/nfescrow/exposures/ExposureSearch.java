package nfescrow.exposures;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Searches the files of a run's tasks, and at the end those of the run, for values of its secrets. A single
 * background thread searches. Threads that submit tasks only add to its queue.
 */
public final class ExposureSearch {
    /**
     * Limits of a search. `perTask`, `perRun`: bytes to read; `findings`: reported findings; `queue`: tasks that wait
     * to be searched.
     */
    public record Limits(long perTask, long perRun, int findings, int queue) {
        public static final Limits USUAL = new Limits(64L << 20, 4L << 30, 10_000, 50_000);
    }

    private record Job(TaskDirectory task, List<String> names, boolean isLast) {}

    private static final Logger log = LoggerFactory.getLogger(ExposureSearch.class);
    /** Time without progress after which the final search is abandoned, and interval of the checks. */
    private static final Duration STALL = Duration.ofSeconds(5);
    private static final Duration LOOK = Duration.ofMillis(100);
    private static final Job END = new Job(null, List.of(), true);

    private final SearchTerms terms;
    private final Path workDirectory;
    private final Limits limits;
    private final Consumer<Finding> listener;
    private final Gaps gaps = new Gaps();
    private final BlockingQueue<Job> queue;
    /** Tasks that have not ended, with the files of each that are still to be searched. */
    private final Map<String, Job> open = new LinkedHashMap<>();
    /** Remaining read budgets of tasks that were searched before. Used by the search thread. */
    private final Map<String, ReadBudget> budgets = new LinkedHashMap<>();
    private final CountDownLatch done = new CountDownLatch(1);
    private final FileSearch files;
    private final ReadBudget budget;
    private volatile boolean isEnding;
    private volatile boolean isOver;
    private volatile Supplier<List<Path>> runFiles = List::of;
    private Thread thread;
    private volatile long tasks;
    private long reported;
    private volatile long omitted;

    /** Creates a search. Another thread calls `listener`. */
    public ExposureSearch(SearchTerms terms, Path workDirectory, Limits limits, Consumer<Finding> listener) {
        this.terms = terms;
        this.workDirectory = workDirectory;
        this.limits = limits;
        this.listener = listener;
        queue = new ArrayBlockingQueue<>(limits.queue());
        files = new FileSearch(terms, gaps, () -> isEnding);
        budget = new ReadBudget(limits.perRun());
    }

    public Gaps gaps() {
        return gaps;
    }

    /**
     * Records a task that is about to be submitted. Without further events, its files are searched at the end of the
     * run.
     */
    public synchronized void pending(TaskDirectory task) {
        if (!isEnding) open.put(task.task(), new Job(task, concat(TaskFiles.AT_SUBMIT, TaskFiles.AT_END), true));
    }

    /** Records a submitted task, whose script is written. */
    public synchronized void submitted(TaskDirectory task) {
        if (isEnding) return;
        open.put(task.task(), new Job(task, TaskFiles.AT_END, true));
        offer(new Job(task, TaskFiles.AT_SUBMIT, false));
    }

    /** Records a task that has ended, with any result. */
    public synchronized void completed(TaskDirectory task) {
        if (isEnding) return;
        Job rest = open.remove(task.task());
        if (rest != null) offer(rest);
    }

    /**
     * Searches the remaining files and the files of the run, and returns the summary of the whole search. After
     * `limit`, returns without the rest; later findings are not reported. Returns null if it was called before.
     */
    public Map<String, Object> finish(Supplier<List<Path>> filesOfRun, Duration limit) {
        synchronized (this) {
            if (isEnding) return null;
            isEnding = true;
            runFiles = filesOfRun;
            for (Job rest : open.values()) offer(rest);
            open.clear();
            startThread();
        }
        try {
            long deadline = System.nanoTime() + limit.toNanos();
            boolean isTaken = done.getCount() == 0 || queue.offer(END, limit.toNanos(), TimeUnit.NANOSECONDS);
            if (!isTaken || !isDoneBy(deadline)) missed();
        } catch (InterruptedException interrupted) {
            missed();
            Thread.currentThread().interrupt();
        }
        isOver = true;
        return describe();
    }

    /**
     * Returns whether the search ends before the deadline. Returns false early if it makes no progress: a file server
     * does not answer, or a task has replaced a file with a FIFO between check and open.
     */
    private boolean isDoneBy(long deadline) throws InterruptedException {
        long[] before = {};
        long stalled = System.nanoTime() + STALL.toNanos();
        for (;;) {
            long now = System.nanoTime();
            long[] progress = {files.files(), files.bytes(), queue.size()};
            if (!Arrays.equals(progress, before)) stalled = now + STALL.toNanos();
            before = progress;
            long left = Math.min(deadline, stalled) - now;
            if (done.await(Math.max(0, Math.min(left, LOOK.toNanos())), TimeUnit.NANOSECONDS)) return true;
            if (left <= 0) return false;
        }
    }

    private void missed() {
        gaps.add(Gaps.TIME, Math.max(1, queue.size()), null);
    }

    private Map<String, Object> describe() {
        List<Map<String, Object>> all = new ArrayList<>(gaps.describe(this::show));
        terms.unsearched().forEach((reason, names) ->
            all.add(Map.of("reason", reason, "count", names.size(), "secrets", names)));
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("complete", all.isEmpty());
        result.put("tasks", tasks);
        result.put("files", files.files());
        result.put("bytes", files.bytes());
        result.put("omitted", omitted);
        result.put("gaps", all);
        return result;
    }

    private void offer(Job job) {
        startThread();
        if (!queue.offer(job)) gaps.add(Gaps.QUEUE, job.task().path());
    }

    private void startThread() {
        if (thread != null) return;
        thread = new Thread(this::work, "nf-escrow-search");
        thread.setDaemon(true);
        thread.setPriority(Thread.MIN_PRIORITY);
        thread.start();
    }

    private void work() {
        try {
            for (Job job = queue.take(); job != END; job = queue.take()) searchTask(job);
            for (Path file : runFiles.get()) {
                Path directory = file.getParent();
                files.searchIn(directory, directory, List.of(file.getFileName().toString()), budget,
                    (path, secrets) -> report(path, null, secrets));
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            gaps.add(Gaps.FAILED, null);
        } catch (RuntimeException | LinkageError error) {
            log.warn("nf-escrow: the search for exposed secrets has stopped ({})", error.getClass().getSimpleName());
            gaps.add(Gaps.FAILED, null);
        }
        done.countDown();
    }

    private void searchTask(Job job) {
        TaskDirectory task = job.task();
        ReadBudget left = budgets.computeIfAbsent(task.task(), none -> budget.part(limits.perTask()));
        if (job.isLast()) {
            budgets.remove(task.task());
            tasks = tasks + 1;
        }
        files.searchIn(workDirectory, task.path(), job.names(), left, (path, secrets) -> report(path, task, secrets));
    }

    private void report(Path file, TaskDirectory task, List<String> secrets) {
        if (isOver) return;
        if (reported + secrets.size() > limits.findings()) {
            omitted = omitted + secrets.size();
            return;
        }
        reported += secrets.size();
        String path = show(file);
        listener.accept(task == null
            ? new Finding(path, null, null, secrets)
            : new Finding(path, task.task(), task.process(), secrets));
    }

    /** Formats a path. It is masked, because a path may contain a value too. */
    private String show(Path file) {
        return terms.mask((file.startsWith(workDirectory) ? workDirectory.relativize(file) : file).toString());
    }

    private static List<String> concat(List<String> first, List<String> second) {
        List<String> all = new ArrayList<>(first);
        all.addAll(second);
        return all;
    }
}
