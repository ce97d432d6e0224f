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
 * Sees to it that no process goes to AWS Batch by another executor than ours, which would leave its secrets out. It does
 * so while the session is made: what an observer throws later, Nextflow only logs.
 */
@SuppressWarnings("deprecation") // every version from 24.10 to 26.08 calls it; its successor came with 25.04
public class ExecutorCheckFactory implements TraceObserverFactory {
    /** By name: where nf-amazon is not as it should be, the class itself cannot be loaded. */
    private static final String OURS = "nfescrow.aws.EscrowBatchExecutor";

    @Override
    public Collection<TraceObserver> create(Session session) {
        if (AwsRun.current() != null) check(Plugins.getManager().getExtensionClasses(Executor.class));
        return List.of();
    }

    /** Throws before anything is submitted; Nextflow shows the message, and ends with status 1. */
    static void check(List<? extends Class<? extends Executor>> executors) {
        String chosen = chosenFrom(executors);
        if (OURS.equals(chosen)) return;
        throw new AbortOperationException("nf-escrow: processes would go to AWS Batch by " + (chosen == null ? "no executor" : chosen)
            + ", which gives tasks no secrets; nf-escrow's own was not taken. Nothing was submitted."
            + " Another plugin brings an executor of that name, or nf-amazon could not be loaded: .nextflow.log tells");
    }

    /** By the rule of ExecutorFactory, init0: a later one takes the place of an earlier, unless that is important. */
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
