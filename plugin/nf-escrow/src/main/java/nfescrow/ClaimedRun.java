package nfescrow;

import java.nio.file.Path;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The role of this JVM: the head of a run, no head, or the head of a run whose directory cannot be used. In the last
 * case the plugin stays active and fails with the reason, so that Nextflow does not fall back to the user's own
 * secrets.
 */
final class ClaimedRun {
    /** Environment variable with the path of the run directory. */
    static final String VARIABLE = "NF_ESCROW_RUN";

    private static final Logger log = LoggerFactory.getLogger(ClaimedRun.class);
    private static ClaimedRun current = new ClaimedRun(null, null, "the plugin has not started");

    private final RunDirectory directory;
    private final String broken;
    private final String why;

    private ClaimedRun(RunDirectory directory, String broken, String why) {
        this.directory = directory;
        this.broken = broken;
        this.why = why;
    }

    /** Returns the claim of this JVM, which the plugin makes once when it starts. */
    static synchronized ClaimedRun current() {
        return current;
    }

    /** Claims the run that the environment names. Only one JVM ever succeeds. */
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
            return new ClaimedRun(null, null, "another Nextflow process already uses run directory " + Printable.of(named));
        } catch (UnusableRunException | RuntimeException error) {
            String reason = error instanceof UnusableRunException ? error.getMessage() : error.getClass().getName();
            String broken = "nf-escrow: cannot use run directory \"" + Printable.of(named) + "\": " + reason;
            log.warn(broken);
            return new ClaimedRun(null, broken, broken);
        }
    }

    /** Returns whether this JVM is the head of a run, even if the run directory cannot be used. */
    boolean isActive() {
        return directory != null || broken != null;
    }

    /** Returns whether this JVM gets its secrets from nf-escrow. If not, Nextflow uses its own store. */
    boolean providesSecrets() {
        return isActive() && !(directory != null && directory.description().usesOwnStore());
    }

    String why() {
        return why;
    }

    String id() {
        return directory == null ? "?" : directory.id();
    }

    /** Returns the run directory. Throws with the reason if it cannot be used. */
    RunDirectory directory() throws UnusableRunException {
        if (directory != null) return directory;
        throw new UnusableRunException(broken == null ? "nf-escrow: " + why : broken);
    }

    /** Returns the run directory, or null if there is no usable one. */
    RunDirectory directoryOrNull() {
        return directory;
    }

    void deleteStore() {
        if (directory != null) directory.deleteStore();
    }
}
