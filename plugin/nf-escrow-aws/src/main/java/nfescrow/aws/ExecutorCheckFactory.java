package nfescrow.aws;

import java.lang.reflect.Proxy;
import java.util.Collection;
import java.util.List;
import nextflow.Session;
import nextflow.executor.Executor;
import nextflow.processor.TaskProcessor;
import nextflow.trace.TraceObserver;
import nextflow.trace.TraceObserverFactory;

/** Sees to it that no process goes to AWS Batch by another executor than ours, which would leave its secrets out. */
@SuppressWarnings("deprecation") // every version from 24.10 to 26.08 calls it; its successor came with 25.04
public class ExecutorCheckFactory implements TraceObserverFactory {
    @Override
    public Collection<TraceObserver> create(Session session) {
        if (AwsRun.current() == null) return List.of();
        Object observer = Proxy.newProxyInstance(
            getClass().getClassLoader(), new Class<?>[] {TraceObserver.class}, (proxy, method, arguments) -> {
                switch (method.getName()) {
                    case "onProcessCreate" -> check(((TaskProcessor) arguments[0]).getName(), ((TaskProcessor) arguments[0]).getExecutor());
                    case "equals" -> {
                        return proxy == arguments[0];
                    }
                    case "hashCode" -> {
                        return System.identityHashCode(proxy);
                    }
                    case "toString" -> {
                        return "nf-escrow-aws's observer";
                    }
                    default -> { }
                }
                return method.getReturnType() == boolean.class ? Boolean.FALSE : null;
            });
        return List.of((TraceObserver) observer);
    }

    /** Throws before anything is submitted. */
    static void check(String process, Executor executor) {
        if (!"awsbatch".equals(executor.getName()) || executor instanceof EscrowBatchExecutor) return;
        throw new IllegalStateException("nf-escrow: the process " + process + " would go to AWS Batch by "
            + executor.getClass().getName() + ", which gives tasks no secrets; nf-escrow's own executor was not taken");
    }
}
