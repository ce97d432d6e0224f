package nextflow.cloud.aws.batch;

import nextflow.executor.Executor;
import nextflow.processor.TaskHandler;
import nextflow.processor.TaskMonitor;
import nextflow.processor.TaskRun;
import org.pf4j.ExtensionPoint;

/** Stub of the nf-amazon 3.x class that nf-escrow-aws extends. */
public class AwsBatchExecutor extends Executor implements ExtensionPoint {
    @Override
    protected TaskMonitor createTaskMonitor() {
        return null;
    }

    @Override
    public TaskHandler createTaskHandler(TaskRun task) {
        return new AwsBatchTaskHandler(task, this);
    }
}
