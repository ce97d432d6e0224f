package nfescrow;

import java.util.Map;
import nextflow.exception.AbortOperationException;

/**
 * Refuses executors that deliver secrets of another store. Nextflow then leaves nf-escrow's secrets out of the task's wrapper
 * (`isSecretNative`), and the executor resolves the same names elsewhere: a task would get another value or none.
 */
final class ExecutorRule {
    /** Executor of nf-seqera since 26.07. It sends references to the pipeline secrets of Seqera Platform (nextflow PR #7314). */
    private static final String SEQERA = "seqera";
    private static final String BATCH = "awsbatch";

    private ExecutorRule() {}

    /** Throws before any task is submitted if the configuration sets such an executor for all processes. */
    static void assertDeliverable(Map<?, ?> config) {
        if (config.get("process") instanceof Map<?, ?> process && isRefused(process.get("executor")))
            throw new AbortOperationException("nf-escrow: cannot deliver secrets: the configuration sets process.executor to "
                + SEQERA + ", which resolves secrets in Seqera Platform. No task was submitted."
                + " Use another executor, or start the run with --no-secrets");
    }

    /**
     * Returns why tasks on an executor cannot receive secrets, as a clause, or null. `isOnAws`: whether the secrets are in AWS
     * Secrets Manager.
     */
    static String whyUndeliverable(String executor, boolean isOnAws) {
        if (isRefused(executor)) return "executor " + SEQERA + " resolves secrets in Seqera Platform; use another executor";
        if (isOnAws && executor != null && !isBatch(executor))
            return "in this compute environment, only executor " + BATCH + " receives secrets, not " + executor;
        return null;
    }

    static boolean isBatch(String executor) {
        return BATCH.equals(executor);
    }

    private static boolean isRefused(Object executor) {
        return executor != null && SEQERA.equalsIgnoreCase(executor.toString());
    }
}
