package nextflow.cloud.aws.batch;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import nextflow.cloud.aws.batch.model.ContainerPropertiesModel;
import nextflow.cloud.aws.batch.model.RegisterJobDefinitionModel;
import nextflow.processor.TaskHandler;
import nextflow.processor.TaskRun;

/**
 * Of nf-amazon 3.x (25.06.0-edge and later): what is extended of it. It goes the way from a task to a job definition as
 * that does, but for AWS.
 */
public class AwsBatchTaskHandler extends TaskHandler {
    /** What would have been sent to AWS. */
    public final List<RegisterJobDefinitionModel> registered = new ArrayList<>();

    /** What AWS would answer instead. */
    public RuntimeException refusal;

    /** As the configuration would say. */
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
