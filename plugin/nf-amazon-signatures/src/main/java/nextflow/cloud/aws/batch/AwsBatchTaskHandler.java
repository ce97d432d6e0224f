package nextflow.cloud.aws.batch;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import nextflow.cloud.aws.batch.model.ContainerPropertiesModel;
import nextflow.cloud.aws.batch.model.RegisterJobDefinitionModel;
import nextflow.processor.TaskHandler;
import nextflow.processor.TaskRun;

/**
 * Stub of the nf-amazon 3.x class (Nextflow 25.06.0-edge and later) that nf-escrow-aws extends. It builds a job
 * definition from a task with the same calls, but sends nothing to AWS.
 */
public class AwsBatchTaskHandler extends TaskHandler {
    /** The job definitions that would have been sent to AWS. */
    public final List<RegisterJobDefinitionModel> registered = new ArrayList<>();

    /** The error that AWS answers; null for success. */
    public RuntimeException refusal;

    /** The execution role of the configuration. */
    public String executionRole;

    public AwsBatchTaskHandler(TaskRun task, AwsBatchExecutor executor) {
        super(task);
    }

    protected String getJobDefinition(TaskRun task) {
        String container = task.getContainer();
        return container.startsWith("job-definition://") ? container.substring(17) : resolveJobDefinition(task);
    }

    protected String resolveJobDefinition(TaskRun task) {
        return createJobDef(makeJobDefRequest(task));
    }

    protected RegisterJobDefinitionModel makeJobDefRequest(TaskRun task) {
        List<Object> tokens = new ArrayList<>();
        return configJobDefRequest(task, tokens).parameters(Map.of("nf-token", tokens.toString()));
    }

    @SuppressWarnings({"rawtypes", "unchecked"})
    protected RegisterJobDefinitionModel configJobDefRequest(TaskRun task, List hashingTokens) {
        ContainerPropertiesModel container = new ContainerPropertiesModel().executionRoleArn(executionRole);
        String name = "nf-" + task.getContainer().replaceAll("[^a-zA-Z0-9-_]+", "-");
        hashingTokens.add(name);
        return new RegisterJobDefinitionModel().jobDefinitionName(name).containerProperties(container);
    }

    protected String createJobDef(RegisterJobDefinitionModel model) {
        if (refusal != null) throw refusal;
        registered.add(model);
        return model.getJobDefinitionName() + ":" + registered.size();
    }

    @Override
    public boolean checkIfRunning() {
        return false;
    }

    @Override
    public boolean checkIfCompleted() {
        return false;
    }

    @Override
    public void kill() {}

    @Override
    public void submit() {
        getJobDefinition(getTask());
    }
}
