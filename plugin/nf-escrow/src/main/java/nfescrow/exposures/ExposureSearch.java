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
 * Searches the files of a run's tasks and, at its end, those of the run for values of its secrets. One thread does it,
 * behind the back of those that submit tasks: they only note what is to be searched.
 */
public final class ExposureSearch {
    /**
     * What bounds a search. `perTask`, `perRun`: bytes that are read; `findings`: how many are told; `queue`: how many tasks
     * wait to be searched.
     */
    public record Limits(long perTask, long perRun, int findings, int queue) {
        public static final Limits USUAL = new Limits(64L << 20, 4L << 30, 10_000, 50_000);
    }

    private record Job(TaskDirectory task, List<String> names, boolean isLast) {}

    private static final Logger log = LoggerFactory.getLogger(ExposureSearch.class);
    /** So long nothing may be read at the end before the rest is given up, and how often that is looked at. */
    private static final Duration STALL = Duration.ofSeconds(5);
    private static final Duration LOOK = Duration.ofMillis(100);
    private static final Job END = new Job(null, List.of(), true);

    private final SearchTerms terms;
    private final Path workDirectory;
    private final Limits limits;
    private final Consumer<Finding> listener;
    private final Gaps gaps = new Gaps();
    private final BlockingQueue<Job> queue;
    /** Tasks of which the end was not seen yet, and what of each is still to be searched. */
    private final Map<String, Job> open = new LinkedHashMap<>();
    /** What may still be read of a task that was searched before. Of the search's thread. */
    private final Map<String, ReadBudget> budgets = new LinkedHashMap<>();
    private final CountDownLatch done = new CountDownLatch(1);
    private final FileSearch files;
    private final ReadBudget budget;
    private volatile boolean isEnding;
    private volatile boolean isOver;
    private volatile Supplier<List<Path>> runFiles = List::of;
    private Thread thread;
    private volatile long tasks;
    private long told;
    private volatile long omitted;

    /** `listener` is called by another thread. */
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

    /** A task is about to be submitted: should nothing more be heard of it, its files are searched at the end. */
    public synchronized void pending(TaskDirectory task) {
        if (!isEnding) open.put(task.task(), new Job(task, concat(TaskFiles.AT_SUBMIT, TaskFiles.AT_END), true));
    }

    /** The task's script is written. */
    public synchronized void submitted(TaskDirectory task) {
        if (isEnding) return;
        open.put(task.task(), new Job(task, TaskFiles.AT_END, true));
        offer(new Job(task, TaskFiles.AT_SUBMIT, false));
    }

    /** The task has ended, in whatever way. */
    public synchronized void completed(TaskDirectory task) {
        if (isEnding) return;
        Job rest = open.remove(task.task());
        if (rest != null) offer(rest);
    }

    /**
     * Searches what is left and the files of the run, and gives what is to be told of all of it; after `limit` without what is
     * not done by then. What is found later is not told any more. Null where it was asked for before.
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
     * False once the time is over, or the search stands still: a file server does not answer, or a task has put a FIFO into
     * a file's place between the look at it and its opening.
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
                    (path, secrets) -> tell(path, null, secrets));
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            gaps.add(Gaps.FAILED, null);
        } catch (RuntimeException | LinkageError error) {
            log.warn("nf-escrow: files are not searched for secrets any more ({})", error.getClass().getSimpleName());
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
        files.searchIn(workDirectory, task.path(), job.names(), left, (path, secrets) -> tell(path, task, secrets));
    }

    private void tell(Path file, TaskDirectory task, List<String> secrets) {
        if (isOver) return;
        if (told + secrets.size() > limits.findings()) {
            omitted = omitted + secrets.size();
            return;
        }
        told += secrets.size();
        String path = show(file);
        listener.accept(task == null
            ? new Finding(path, null, null, secrets)
            : new Finding(path, task.task(), task.process(), secrets));
    }

    /** A path may hold a value as well. */
    private String show(Path file) {
        return terms.mask((file.startsWith(workDirectory) ? workDirectory.relativize(file) : file).toString());
    }

    private static List<String> concat(List<String> first, List<String> second) {
        List<String> all = new ArrayList<>(first);
        all.addAll(second);
        return all;
    }
}
