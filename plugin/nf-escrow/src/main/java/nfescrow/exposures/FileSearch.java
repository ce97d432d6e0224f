package nfescrow.exposures;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;

/**
 * Searches files that a task may have replaced. Opens each directory relative to its parent and follows no link, so
 * that it reads only the location to which Nextflow wrote. Used by one thread.
 */
final class FileSearch {
    private static final Set<OpenOption> READ = Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);

    private final StreamSearch search;
    private final Gaps gaps;
    private final BooleanSupplier isUrgent;
    private final ByteBuffer buffer = ByteBuffer.allocate(StreamSearch.PART);
    // Written only by the search thread, read by others.
    private volatile long files;
    private volatile long bytes;

    /** Creates a search that uses at most half of one processor until `isUrgent` returns true. */
    FileSearch(SearchTerms terms, Gaps gaps, BooleanSupplier isUrgent) {
        this.search = new StreamSearch(terms);
        this.gaps = gaps;
        this.isUrgent = isUrgent;
    }

    long files() {
        return files;
    }

    long bytes() {
        return bytes;
    }

    /**
     * Searches the named files of a directory, and reports each that contains a value to `found`. `root` is a trusted
     * parent directory, whose path may contain links.
     */
    void searchIn(Path root, Path directory, List<String> names, ReadBudget budget, BiConsumer<Path, List<String>> found) {
        if (directory.getFileSystem() != FileSystems.getDefault()) {
            gaps.add(Gaps.REMOTE, directory);
            return;
        }
        Path above = directory.startsWith(root) ? root : directory.getParent();
        try (SecureDirectoryStream<Path> start = open(above)) {
            descend(start, above.relativize(directory), directory, names, budget, found);
        } catch (IOException error) {
            note(error, directory);
        }
    }

    private void descend(
        SecureDirectoryStream<Path> within, Path rest, Path directory, List<String> names, ReadBudget budget,
        BiConsumer<Path, List<String>> found) throws IOException {
        if (rest.toString().isEmpty()) {
            for (String name : names) searchOne(within, directory.resolve(name), budget, found);
            return;
        }
        try (SecureDirectoryStream<Path> next = within.newDirectoryStream(rest.getName(0), LinkOption.NOFOLLOW_LINKS)) {
            Path further = rest.getNameCount() == 1 ? Path.of("") : rest.subpath(1, rest.getNameCount());
            descend(next, further, directory, names, budget, found);
        }
    }

    private void searchOne(
        SecureDirectoryStream<Path> within, Path file, ReadBudget budget, BiConsumer<Path, List<String>> found) {
        Path name = file.getFileName();
        try {
            BasicFileAttributeView view =
                within.getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
            // Opening a FIFO would block until its other end is opened.
            if (!view.readAttributes().isRegularFile()) {
                gaps.add(Gaps.NOT_PLAIN, file);
                return;
            }
            try (SeekableByteChannel channel = within.newByteChannel(name, READ)) {
                files = files + 1;
                read(channel, file, budget);
            }
        } catch (IOException error) {
            note(error, file);
        }
        // Includes values that were found before an error.
        List<String> secrets = search.end();
        if (!secrets.isEmpty()) found.accept(file, secrets);
    }

    private void read(SeekableByteChannel channel, Path file, ReadBudget budget) throws IOException {
        for (;;) {
            int allowed = budget.allowed(buffer.capacity());
            if (allowed == 0) {
                if (channel.position() < channel.size()) gaps.add(Gaps.BUDGET, file);
                return;
            }
            int count = channel.read(buffer.clear().limit(allowed));
            if (count < 0) return;
            budget.spend(count);
            bytes = bytes + count;
            search.accept(buffer.array(), count);
            if (count == buffer.capacity()) pause();
        }
    }

    private void pause() {
        if (isUrgent.getAsBoolean()) return;
        try {
            Thread.sleep(1);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Records a file that could not be searched. A file that does not exist is not a gap. */
    private void note(IOException error, Path path) {
        if (error instanceof NoSuchFileException) return;
        boolean isRefused = error instanceof AccessDeniedException || !(error instanceof FileSystemException);
        gaps.add(isRefused ? Gaps.UNREADABLE : Gaps.NOT_PLAIN, path);
    }

    private static SecureDirectoryStream<Path> open(Path directory) throws IOException {
        var stream = Files.newDirectoryStream(directory);
        if (stream instanceof SecureDirectoryStream<Path> secure) return secure;
        stream.close();
        throw new IOException("this platform cannot open a directory relative to another");
    }
}
