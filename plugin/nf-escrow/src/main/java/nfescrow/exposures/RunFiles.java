package nfescrow.exposures;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import nextflow.Const;
import nextflow.Session;
import nextflow.trace.TraceHelper;

/**
 * The files that Nextflow writes for a run: log, trace, report, timeline, DAG, lineage records, cache and history
 * (24.10 to 26.08: DefaultObserverFactory, DefaultLinStore, DefaultCacheStore, HistoryFile).
 */
public final class RunFiles {
    /** Maximum number of lineage records and cache files to check, because they accumulate over all runs. */
    private static final int MOST = 100_000;
    /** File systems have time stamps with a resolution of up to two seconds. */
    private static final long COARSE_SECONDS = 2;
    private static final Map<String, String> REPORTS =
        Map.of("trace", "trace-%s.txt", "report", "report-%s.html", "timeline", "timeline-%s.html", "dag", "dag-%s.html");

    private final Session session;
    private final Instant since = Instant.now().minusSeconds(COARSE_SECONDS);
    private final LogFile log = LogFile.current();

    /** Created when the run begins: files that were written earlier belong to other runs. */
    public RunFiles(Session session) {
        this.session = session;
    }

    /** Returns the files to search, and records in `gaps` those that cannot be searched. */
    public List<Path> list(Gaps gaps) {
        List<Path> files = new ArrayList<>();
        Path current = log == null ? null : log.find();
        if (current != null) files.add(current);
        else if (log != null) gaps.add(Gaps.UNREADABLE, null);
        for (String name : REPORTS.keySet()) {
            Path file = report(session, name, gaps);
            if (file != null) files.add(file);
        }
        Map<?, ?> lineage = scope(session, "lineage");
        if (isOn(lineage)) {
            Object location = lineage.get("store") instanceof Map<?, ?> store ? store.get("location") : null;
            addBelow(files, gaps, text(location, ".lineage"));
        }
        Path caches = Const.getAppCacheDir().toAbsolutePath();
        files.add(caches.resolve("history"));
        addBelow(files, gaps, caches.resolve("cache/" + session.getUniqueId()).toString());
        return files;
    }

    /** Where Nextflow writes a session's trace; null where it writes none, or not into a file system of this machine. */
    public static Path trace(Session session) {
        return report(session, "trace", new Gaps());
    }

    private static Path report(Session session, String name, Gaps gaps) {
        Map<?, ?> settings = scope(session, name);
        if (!isOn(settings)) return null;
        String usual = String.format(REPORTS.get(name), TraceHelper.launchTimestampFmt());
        return local(gaps, text(settings.get("file"), usual));
    }

    /** Adds regular files that changed since the run began. Does not follow links. */
    private void addBelow(List<Path> files, Gaps gaps, String location) {
        Path directory = local(gaps, location);
        if (directory == null || !Files.isDirectory(directory)) return;
        int[] seen = {0};
        try (Stream<Path> all = Files.walk(directory)) {
            all.takeWhile(path -> seen[0]++ < MOST).filter(this::isOfThisRun).forEach(files::add);
        } catch (IOException | RuntimeException error) {
            gaps.add(Gaps.UNREADABLE, directory);
        }
        if (seen[0] > MOST) gaps.add(Gaps.BUDGET, directory);
    }

    private boolean isOfThisRun(Path path) {
        try {
            return Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
                && Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS).compareTo(FileTime.from(since)) >= 0;
        } catch (IOException gone) {
            return false;
        }
    }

    /** Returns the path of a location; null if it is not on a file system of this host. */
    private static Path local(Gaps gaps, String location) {
        if (location.contains("://")) {
            gaps.add(Gaps.REMOTE, Path.of(location.replace("://", ":/")));
            return null;
        }
        return Path.of(location).toAbsolutePath().normalize();
    }

    private static Map<?, ?> scope(Session session, String name) {
        return session.getConfig().get(name) instanceof Map<?, ?> settings ? settings : Map.of();
    }

    private static boolean isOn(Map<?, ?> settings) {
        return "true".equals(String.valueOf(settings.get("enabled")));
    }

    private static String text(Object value, String otherwise) {
        return value == null || value.toString().isEmpty() ? otherwise : value.toString();
    }
}
