package nfescrow;

import java.nio.file.Path;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this JVM is to a run of nf-escrow: its head, nothing at all, or a head whose run directory cannot be used. In the
 * last case it serves nothing and says why: the user's own secrets must not be taken for the run's.
 */
final class ClaimedRun {
    /** Names the run directory: NextflowStore, "environment". */
    static final String VARIABLE = "NF_ESCROW_RUN";

    private static final Logger log = LoggerFactory.getLogger(ClaimedRun.class);
    private static ClaimedRun current = new ClaimedRun(null, null, "the plugin was not started");

    private final RunDirectory directory;
    private final String broken;
    private final String why;

    private ClaimedRun(RunDirectory directory, String broken, String why) {
        this.directory = directory;
        this.broken = broken;
        this.why = why;
    }

    /** The claim of this JVM: made once, by the plugin's start. */
    static synchronized ClaimedRun current() {
        return current;
    }

    /** Claims the run that the environment names. Only one JVM ever succeeds with that. */
    static synchronized ClaimedRun claim(Map<String, String> environment) {
        current = attempt(environment);
        return current;
    }

    private static ClaimedRun attempt(Map<String, String> environment) {
        String named = environment.get(VARIABLE);
        if (named == null || named.isEmpty()) return new ClaimedRun(null, null, VARIABLE + " is not set");
        try {
            RunDirectory directory = RunDirectory.open(Path.of(named));
            if (directory.claim()) return new ClaimedRun(directory, null, null);
            return new ClaimedRun(null, null, "another Nextflow is the head of " + Printable.of(named));
        } catch (UnusableRunException | RuntimeException error) {
            String reason = error instanceof UnusableRunException ? error.getMessage() : error.getClass().getName();
            String broken = "nf-escrow: the run directory \"" + Printable.of(named) + "\" cannot be used: " + reason;
            log.warn(broken);
            return new ClaimedRun(null, broken, broken);
        }
    }

    /** Whether this is the head of a run, be its directory usable or not. */
    boolean isActive() {
        return directory != null || broken != null;
    }

    String why() {
        return why;
    }

    String id() {
        return directory == null ? "?" : directory.id();
    }

    /** The run directory; throws, with the reason, where it cannot be used. */
    RunDirectory directory() throws UnusableRunException {
        if (directory != null) return directory;
        throw new UnusableRunException(broken == null ? "nf-escrow: " + why : broken);
    }

    /** Null where there is none that can be used. */
    RunDirectory directoryOrNull() {
        return directory;
    }

    void deleteStore() {
        if (directory != null) directory.deleteStore();
    }
}
