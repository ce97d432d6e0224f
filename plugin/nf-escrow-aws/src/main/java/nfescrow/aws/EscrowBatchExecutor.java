package nfescrow.aws;

import nextflow.cloud.aws.batch.AwsBatchExecutor;
import nextflow.processor.TaskHandler;
import nextflow.processor.TaskRun;
import nextflow.util.ServiceName;

/** Nextflow's AWS Batch executor, with references to the declared secrets in job definitions. */
@ServiceName(value = "awsbatch", important = true)
public class EscrowBatchExecutor extends AwsBatchExecutor {
    @Override
    public TaskHandler createTaskHandler(TaskRun task) {
        AwsRun run = AwsRun.current();
        return run == null ? super.createTaskHandler(task) : new EscrowBatchTaskHandler(task, this, run);
    }
}
