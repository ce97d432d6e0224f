package nfescrow.aws;

import java.util.Collection;
import java.util.List;
import nextflow.Session;
import nextflow.exception.AbortOperationException;
import nextflow.executor.Executor;
import nextflow.executor.ExecutorFactory;
import nextflow.plugin.Plugins;
import nextflow.trace.TraceObserver;
import nextflow.trace.TraceObserverFactory;
import nextflow.util.ServiceName;

/**
 * Verifies that processes on AWS Batch use nf-escrow's executor: any other would omit the secrets. The check runs
 * while the session is created, because Nextflow only logs what an observer throws later.
 */
@SuppressWarnings("deprecation") // all versions from 24.10 to 26.08 call it; its successor exists since 25.04
public class ExecutorCheckFactory implements TraceObserverFactory {
    /** The class name, because the class itself cannot be loaded without a compatible nf-amazon. */
    private static final String OURS = "nfescrow.aws.EscrowBatchExecutor";

    @Override
    public Collection<TraceObserver> create(Session session) {
        if (AwsRun.current() != null) check(Plugins.getManager().getExtensionClasses(Executor.class));
        return List.of();
    }

    /** Throws before any task is submitted. Nextflow prints the message and exits with status 1. */
    static void check(List<? extends Class<? extends Executor>> executors) {
        String chosen = chosenFrom(executors);
        if (OURS.equals(chosen)) return;
        throw new AbortOperationException("nf-escrow: cannot deliver secrets on AWS Batch: "
            + (chosen == null ? "no executor awsbatch is loaded" : "the executor awsbatch is class " + chosen + ", not the class of nf-escrow")
            + ". No task was submitted. Another plugin may define this executor, or nf-amazon failed to load. See .nextflow.log");
    }

    /** Follows ExecutorFactory.init0: a later executor replaces an earlier one unless the earlier one is important. */
    private static String chosenFrom(List<? extends Class<? extends Executor>> executors) {
        Class<? extends Executor> chosen = null;
        for (Class<? extends Executor> executor : executors) {
            if (!"awsbatch".equals(nameOf(executor))) continue;
            ServiceName service = chosen == null ? null : chosen.getAnnotation(ServiceName.class);
            if (service == null || !service.important()) chosen = executor;
        }
        return chosen == null ? null : chosen.getName();
    }

    @SuppressWarnings("unchecked")
    private static String nameOf(Class<? extends Executor> executor) {
        return ExecutorFactory.findNameByClass((Class<Executor>) executor);
    }
}
