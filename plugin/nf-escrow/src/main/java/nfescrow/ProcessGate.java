package nfescrow;

import java.util.Set;
import nextflow.Session;
import nextflow.exception.AbortOperationException;
import nextflow.exception.AbortRunException;
import nextflow.executor.Executor;
import nextflow.processor.TaskProcessor;
import nextflow.secret.SecretsLoader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends a run before it submits a task if a process declares a secret that its tasks would not receive. */
final class ProcessGate {
    /** Nextflow shows only messages of loggers with this prefix on the terminal. */
    private static final Logger terminal = LoggerFactory.getLogger("nextflow." + ProcessGate.class.getName());

    private final RunDescription run;
    private final ProcessCheck check;
    private Session session;
    private boolean isPassed;

    ProcessGate(RunDirectory directory) {
        this.run = directory.description();
        this.check = new ProcessCheck(run, directory.hasReferences());
    }

    /**
     * Handles a call of TraceObserver. Nextflow creates the processes while it executes the workflow, calls `onFlowBegin`, and
     * then starts them (Session.fireDataflowNetwork, 24.10 to 26.08).
     */
    void observe(String what, Object[] arguments) {
        switch (what) {
            case "onFlowCreate" -> session = (Session) arguments[0];
            case "onProcessCreate" -> examine((TaskProcessor) arguments[0]);
            case "onFlowBegin" -> assertDeliverable();
            default -> { }
        }
    }

    private void examine(TaskProcessor process) {
        Executor executor = process.getExecutor();
        String name = executor == null ? null : executor.getName();
        boolean isNative = run.usesOwnStore() && executor != null && executor.isSecretNative();
        if (isNative && !ExecutorRule.isBatch(name)) return; // it resolves secrets elsewhere
        // AWS Batch has no access to Nextflow's own store.
        Set<String> available = isNative ? Set.of() : SecretsLoader.getInstance().load().listSecretsNames();
        check.add(process.getName(), name, process.getConfig().get("secret"), available, session.getConfig());
        if (isPassed) assertDeliverable();
    }

    private void assertDeliverable() {
        isPassed = true;
        String problem = check.problem();
        if (problem == null) return;
        if (session.isPreview()) terminal.warn(problem); // no process starts
        else end(problem);
    }

    /**
     * Nextflow 24.10, and 26.04 and later, end at the exception. The versions between only log what an observer throws, but an
     * aborted session does not start its processes.
     */
    private void end(String problem) {
        terminal.error(problem);
        session.abort(new AbortOperationException(problem));
        throw new AbortRunException("nf-escrow ended the run before any task was submitted");
    }
}
