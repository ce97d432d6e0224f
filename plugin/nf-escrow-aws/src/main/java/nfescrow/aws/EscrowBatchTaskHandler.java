package nfescrow.aws;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import nextflow.cloud.aws.batch.AwsBatchExecutor;
import nextflow.cloud.aws.batch.AwsBatchTaskHandler;
import nextflow.cloud.aws.batch.model.RegisterJobDefinitionModel;
import nextflow.processor.TaskArrayRun;
import nextflow.processor.TaskHandler;
import nextflow.processor.TaskRun;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.batch.model.Secret;

/**
 * Adds to a task's job definition the references to the secrets that its process declares, and to no others. What holds
 * such references is this run's alone: it is tagged with the run, and written down before it is registered, so that it is
 * found and deregistered when the run is over, whatever becomes of the reply. The others, which have none, Nextflow shares
 * among runs as ever.
 */
final class EscrowBatchTaskHandler extends AwsBatchTaskHandler {
    /** https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html */
    private static final int DEFINITION_MAX = 24 * 1024;

    private final AwsRun run;
    private final Set<RegisterJobDefinitionModel> ours = Collections.newSetFromMap(new IdentityHashMap<>());

    EscrowBatchTaskHandler(TaskRun task, AwsBatchExecutor executor, AwsRun run) {
        super(task, executor);
        this.run = run;
    }

    @Override
    protected String getJobDefinition(TaskRun task) {
        List<String> names = secretsOf(task);
        String container = task.getContainer();
        if (!names.isEmpty() && container != null && container.startsWith("job-definition://"))
            throw refusal(task, "its container is a job definition of yours (" + container + "), to which no secrets can be added; name an image instead");
        return super.getJobDefinition(task);
    }

    @Override
    @SuppressWarnings({"rawtypes", "unchecked"})
    protected RegisterJobDefinitionModel configJobDefRequest(TaskRun task, List hashingTokens) {
        RegisterJobDefinitionModel model = super.configJobDefRequest(task, hashingTokens);
        List<String> names = secretsOf(task);
        if (names.isEmpty()) return model;
        String role = model.getContainerProperties().getExecutionRoleArn();
        if (role == null || role.isEmpty())
            throw refusal(task, "there is no execution role, with which ECS reads them; set aws.batch.executionRole");
        List<Secret> secrets = new ArrayList<>();
        for (String name : names) {
            String reference = run.reference(name);
            if (reference == null)
                throw refusal(task, "the secret '" + name + "' is none of this run's (see: nf-escrow secrets list)");
            secrets.add(Secret.builder().name(name).valueFrom(reference).build());
        }
        model.getContainerProperties().secrets(secrets);
        tag(model);
        // Else a definition of the same image without secrets, or with another run's, would be taken for it.
        hashingTokens.add(secrets.toString());
        ours.add(model);
        return model;
    }

    /** Whose it is and since when, by which `nf-escrow sweep` finds what a machine left that never came back. */
    private void tag(RegisterJobDefinitionModel model) {
        model.addTagsEntry("nf-escrow:run", run.id());
        for (String key : List.of("owner", "ledger"))
            if (run.access(key) != null) model.addTagsEntry("nf-escrow:" + key, run.access(key));
        model.addTagsEntry("nf-escrow:created-at", Instant.now().toString());
    }

    @Override
    protected String createJobDef(RegisterJobDefinitionModel model) {
        if (!ours.remove(model)) return super.createJobDef(model);
        int size = model.toBatchRequest().toString().getBytes(StandardCharsets.UTF_8).length;
        if (size > DEFINITION_MAX)
            throw refusal(getTask(), "its job definition would have " + size + " bytes, and AWS takes " + DEFINITION_MAX + "; declare fewer secrets in one process");
        String name = model.getJobDefinitionName();
        JobDefinitionLog.write(run.events(), "job-definition.intent", Map.of("definition", name));
        try {
            String registered = super.createJobDef(model);
            JobDefinitionLog.write(run.events(), "job-definition.registered", Map.of("definition", registered));
            return registered;
        } catch (AwsServiceException error) {
            // AWS's own word that there is none: nobody has to wait for one that may still arrive.
            if (error.statusCode() >= 400 && error.statusCode() < 500 && !error.isThrottlingException())
                JobDefinitionLog.write(run.events(), "job-definition.refused", Map.of("definition", name));
            throw error;
        }
    }

    /** A job array declares none itself: its children do. */
    static List<String> secretsOf(TaskRun task) {
        Set<String> names = new LinkedHashSet<>();
        if (task instanceof TaskArrayRun array && array.getChildren() != null)
            for (TaskHandler child : array.getChildren()) names.addAll(secretsOf(child.getTask()));
        List<?> declared = task.getConfig().getSecret();
        if (declared != null) for (Object name : declared) names.add(String.valueOf(name));
        return names.stream().sorted().toList();
    }

    private static IllegalArgumentException refusal(TaskRun task, String why) {
        return new IllegalArgumentException(
            Printable.of("nf-escrow: the task " + task.getName() + " cannot be given its secrets: " + why));
    }
}
