package nfescrow.exposures;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Uses real files, including replacements that a hostile task may create. */
class ExposureSearchTest {
    private static final String VALUE = "c4nary-0123456789abcdef";
    private static final Duration LONG = Duration.ofSeconds(20);

    @TempDir
    Path temporary;
    private Path work;
    private final List<Finding> findings = Collections.synchronizedList(new ArrayList<>());

    @BeforeEach
    void makeWorkDirectory() throws Exception {
        work = Files.createDirectory(temporary.resolve("work"));
    }

    private ExposureSearch start(ExposureSearch.Limits limits) {
        SearchTerms terms = new SearchTerms(Map.of("A_KEY", VALUE.getBytes(StandardCharsets.UTF_8)), List.of());
        return new ExposureSearch(terms, work, limits, findings::add);
    }

    private TaskDirectory task(String id) throws Exception {
        return new TaskDirectory(id, "PROCESS", Files.createDirectories(work.resolve("ab").resolve("cdef" + id)));
    }

    private static Map<String, Object> finish(ExposureSearch search) {
        return finish(search, List::of);
    }

    private static Map<String, Object> finish(ExposureSearch search, Supplier<List<Path>> files) {
        return assertTimeoutPreemptively(LONG, () -> search.finish(files, Duration.ofSeconds(10)));
    }

    private Set<String> files() {
        Set<String> found = new TreeSet<>();
        for (Finding finding : findings) found.add(finding.file());
        return found;
    }

    private static List<String> reasons(Map<String, Object> result) {
        return ((List<?>) result.get("gaps")).stream().map(gap -> ((Map<?, ?>) gap).get("reason").toString()).toList();
    }

    @Test
    void searchesEveryFileThatNextflowWritesForATask() throws Exception {
        ExposureSearch search = start(ExposureSearch.Limits.USUAL);
        TaskDirectory task = task("1");
        Set<String> expected = new TreeSet<>();
        for (List<String> names : List.of(TaskFiles.AT_SUBMIT, TaskFiles.AT_END))
            for (String name : names) {
                Files.writeString(task.path().resolve(name), "x" + VALUE);
                expected.add("ab/cdef1/" + name);
            }
        Files.writeString(task.path().resolve("output.txt"), VALUE);
        search.pending(task);
        search.submitted(task);
        search.completed(task);
        Map<String, Object> result = finish(search);
        assertEquals(expected, files());
        assertEquals(new Finding("ab/cdef1/.command.run", "1", "PROCESS", List.of("A_KEY")), findings.get(0));
        assertEquals(true, result.get("complete"), result.toString());
        assertEquals(1L, result.get("tasks"));
        assertEquals((long) expected.size(), result.get("files"));
    }

    @Test
    void searchesTasksWithoutAnEndEvent() throws Exception {
        ExposureSearch search = start(ExposureSearch.Limits.USUAL);
        TaskDirectory pending = task("1");
        Files.writeString(pending.path().resolve(".command.run"), "#SBATCH --comment=" + VALUE);
        search.pending(pending);
        TaskDirectory running = task("2");
        Files.writeString(running.path().resolve(".command.log"), VALUE);
        search.submitted(running);
        finish(search);
        assertEquals(Set.of("ab/cdef1/.command.run", "ab/cdef2/.command.log"), files());
    }

    @Test
    void searchesTheFilesOfTheRunLast() throws Exception {
        ExposureSearch search = start(ExposureSearch.Limits.USUAL);
        Path log = Files.writeString(temporary.resolve(".nextflow.log"), "tag: " + VALUE);
        Map<String, Object> result = finish(search, () -> List.of(log, temporary.resolve("none.txt")));
        assertEquals(List.of(new Finding(log.toString(), null, null, List.of("A_KEY"))), findings);
        assertEquals(true, result.get("complete"));
    }

    /** Does not read the target of a link to a file, to a task directory, or to a directory above. */
    @Test
    void doesNotFollowLinks() throws Exception {
        Path outside = Files.createDirectory(temporary.resolve("outside"));
        Files.writeString(outside.resolve(".command.out"), VALUE);
        ExposureSearch search = start(ExposureSearch.Limits.USUAL);
        TaskDirectory file = task("1");
        Files.createSymbolicLink(file.path().resolve(".command.out"), outside.resolve(".command.out"));
        TaskDirectory directory = task("2");
        Files.delete(directory.path());
        Files.createSymbolicLink(directory.path(), outside);
        TaskDirectory above = new TaskDirectory("3", "PROCESS", work.resolve("cd/outside"));
        Files.createSymbolicLink(work.resolve("cd"), temporary);
        for (TaskDirectory task : List.of(file, directory, above)) {
            search.submitted(task);
            search.completed(task);
        }
        Map<String, Object> result = finish(search);
        assertEquals(Set.of(), files());
        assertEquals(List.of(Gaps.NOT_PLAIN), reasons(result));
        assertEquals(false, result.get("complete"));
    }

    /** The path of the work directory may contain a link, because the user chooses it. */
    @Test
    void followsALinkToTheWorkDirectory() throws Exception {
        Path link = Files.createSymbolicLink(temporary.resolve("link"), work);
        work = link;
        TaskDirectory task = task("1");
        Files.writeString(task.path().resolve(".command.out"), VALUE);
        ExposureSearch search = start(ExposureSearch.Limits.USUAL);
        search.submitted(task);
        search.completed(task);
        assertEquals(true, finish(search).get("complete"));
        assertEquals(Set.of("ab/cdef1/.command.out"), files());
    }

    @Test
    void doesNotWaitForAFifo() throws Exception {
        TaskDirectory task = task("1");
        Path fifo = task.path().resolve(".command.out");
        assertEquals(0, new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor());
        Files.createDirectory(task.path().resolve(".command.env"));
        Files.writeString(task.path().resolve(".command.log"), VALUE);
        ExposureSearch search = start(ExposureSearch.Limits.USUAL);
        search.submitted(task);
        search.completed(task);
        Map<String, Object> result = finish(search);
        assertEquals(Set.of("ab/cdef1/.command.log"), files());
        assertEquals(List.of(Gaps.NOT_PLAIN), reasons(result));
    }

    /** A task that wins this race can block the search thread, but the end of the run only for a short time. */
    @Test
    void endsAlthoughAFifoReplacesAFileWhileItIsOpened() throws Exception {
        TaskDirectory task = task("1");
        Path fifo = temporary.resolve("fifo");
        assertEquals(0, new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor());
        Path plain = Files.writeString(temporary.resolve("plain"), VALUE);
        Path target = task.path().resolve(".command.out");
        Thread swapper = new Thread(() -> {
            try {
                for (int round = 0; !Thread.interrupted(); round++) {
                    Path next = Files.createLink(temporary.resolve("next"), round % 2 == 0 ? plain : fifo);
                    Files.move(next, target, StandardCopyOption.ATOMIC_MOVE);
                    // Renaming a hard link to another link of the same file does nothing.
                    Files.deleteIfExists(next);
                }
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        });
        swapper.start();
        ExposureSearch search = start(ExposureSearch.Limits.USUAL);
        for (int round = 0; round < 3000; round++) {
            search.submitted(task);
            search.completed(task);
        }
        long start = System.nanoTime();
        Map<String, Object> result = search.finish(List::of, LONG);
        swapper.interrupt();
        swapper.join();
        assertTrue(System.nanoTime() - start < Duration.ofSeconds(15).toNanos());
        assertEquals(false, result.get("complete"), "either found a FIFO or reached the time limit");
    }

    @Test
    void respectsTheReadLimitOfATask() throws Exception {
        ExposureSearch search = start(new ExposureSearch.Limits(1 << 20, 1 << 30, 100, 100));
        TaskDirectory task = task("1");
        Files.writeString(task.path().resolve(".command.sh"), VALUE);
        Files.writeString(task.path().resolve(".command.out"), "x".repeat(2 << 20) + VALUE);
        TaskDirectory other = task("2");
        Files.writeString(other.path().resolve(".command.out"), VALUE);
        for (TaskDirectory one : List.of(task, other)) {
            search.submitted(one);
            search.completed(one);
        }
        Map<String, Object> result = finish(search);
        assertEquals(Set.of("ab/cdef1/.command.sh", "ab/cdef2/.command.out"), files());
        assertEquals(List.of(Map.of("reason", Gaps.BUDGET, "count", 1L, "example", "ab/cdef1/.command.out")), result.get("gaps"));
        assertEquals((1L << 20) + VALUE.length(), result.get("bytes"));
    }

    @Test
    void respectsTheReadLimitOfARun() throws Exception {
        ExposureSearch search = start(new ExposureSearch.Limits(1 << 20, 100, 100, 100));
        for (String id : List.of("1", "2", "3")) {
            TaskDirectory task = task(id);
            Files.writeString(task.path().resolve(".command.out"), "x".repeat(60) + VALUE);
            search.submitted(task);
            search.completed(task);
        }
        Map<String, Object> result = finish(search);
        assertEquals(Set.of("ab/cdef1/.command.out"), files());
        assertEquals(100L, result.get("bytes"));
        assertEquals(2L, ((Map<?, ?>) ((List<?>) result.get("gaps")).get(0)).get("count"));
    }

    @Test
    void respectsTheLimitOfFindings() throws Exception {
        ExposureSearch search = start(new ExposureSearch.Limits(1 << 20, 1 << 20, 2, 100));
        for (String id : List.of("1", "2", "3")) {
            TaskDirectory task = task(id);
            Files.writeString(task.path().resolve(".command.out"), VALUE);
            search.submitted(task);
            search.completed(task);
        }
        assertEquals(1L, finish(search).get("omitted"));
        assertEquals(2, findings.size());
    }

    /** Submitting a task never waits, and the end of the run waits at most for the time limit. */
    @Test
    void endsWithinTheTimeLimit() throws Exception {
        ExposureSearch search = start(new ExposureSearch.Limits(1L << 30, 1L << 40, 100, 3));
        TaskDirectory task = task("1");
        try (var channel = Files.newByteChannel(task.path().resolve(".command.out"),
            Set.of(java.nio.file.StandardOpenOption.CREATE, java.nio.file.StandardOpenOption.WRITE))) {
            channel.position(8L << 30).write(java.nio.ByteBuffer.wrap(new byte[1])); // a sparse file
        }
        long start = System.nanoTime();
        for (int id = 0; id < 20; id++) search.completed(submitted(search, new TaskDirectory("t" + id, "PROCESS", task.path())));
        assertTrue(System.nanoTime() - start < 500_000_000L, "recording a task does not wait");
        Map<String, Object> result = search.finish(List::of, Duration.ofMillis(300));
        assertTrue(System.nanoTime() - start < 3_000_000_000L);
        assertEquals(true, reasons(result).containsAll(List.of(Gaps.QUEUE, Gaps.TIME)), result.toString());
        assertEquals(null, search.finish(List::of, LONG), "returns the summary once");
    }

    private static TaskDirectory submitted(ExposureSearch search, TaskDirectory task) {
        search.submitted(task);
        return task;
    }

    @Test
    void masksAValueInAPath() throws Exception {
        ExposureSearch search = start(ExposureSearch.Limits.USUAL);
        Path report = Files.writeString(temporary.resolve("report-" + VALUE + ".html"), VALUE);
        finish(search, () -> List.of(report));
        assertEquals(Set.of(temporary.resolve("report-***A_KEY***.html").toString()), files());
    }
}
