package nfescrow.exposures;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.FileAppender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Iterator;
import org.slf4j.LoggerFactory;

/** Nextflow's log. Another Nextflow that starts in the same directory renames it while it is being written. */
final class LogFile {
    /** Number of the oldest log that Nextflow keeps: LoggerHelper.createRollingAppender. */
    private static final int OLDEST = 9;

    private final Path path;
    private final Object key;

    private LogFile(Path path, Object key) {
        this.path = path;
        this.key = key;
    }

    /** Returns the log that this JVM writes; null if it writes none. */
    static LogFile current() {
        if (!(LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) return null;
        for (Logger logger : context.getLoggerList())
            for (Iterator<Appender<ILoggingEvent>> all = logger.iteratorForAppenders(); all.hasNext();)
                if (all.next() instanceof FileAppender<ILoggingEvent> appender && appender.getFile() != null) {
                    Path path = Path.of(appender.getFile()).toAbsolutePath();
                    return new LogFile(path, keyOf(path));
                }
        return null;
    }

    /** Returns the current path of the log; null if it is not found. */
    Path find() {
        if (key == null) return null;
        for (int age = 0; age <= OLDEST; age++) {
            Path candidate = age == 0 ? path : path.resolveSibling(path.getFileName() + "." + age);
            if (key.equals(keyOf(candidate))) return candidate;
        }
        return null;
    }

    private static Object keyOf(Path path) {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS).fileKey();
        } catch (IOException none) {
            return null;
        }
    }
}
