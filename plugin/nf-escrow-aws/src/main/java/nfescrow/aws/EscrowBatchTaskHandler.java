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
 * Adds references to a task's job definition, for exactly the secrets that its process declares. A definition with
 * references belongs to this run only. It is tagged with the run, and recorded before it is registered, so that the
 * daemon finds and deregisters it after the run even if the answer was lost. Nextflow shares definitions without
 * references between runs.
 */
final class EscrowBatchTaskHandler extends AwsBatchTaskHandler {
    /** https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html */
    private static final int DEFINITION_MAX = 24 * 1024;
    private static final int NAME_MAX = 128;
    /**
     * Name prefix of definitions with references. The launcher's IAM policy allows tagging and deregistering only these
     * (templates/aws-batch/secrets-policy-account.json).
     */
    private static final String PREFIX = "nf-escrow-";

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
            throw refusal(task, "its container is an existing job definition (" + container + "), to which nf-escrow cannot add references to secrets; use an image");
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
            throw refusal(task, "ECS needs an execution role to read the secrets; set aws.batch.executionRole");
        List<Secret> secrets = new ArrayList<>();
        for (String name : names) {
            String reference = run.reference(name);
            if (reference == null)
                throw refusal(task, "the run has no secret '" + name + "' (see: nf-escrow secrets list)");
            secrets.add(Secret.builder().name(name).valueFrom(reference).build());
        }
        model.getContainerProperties().secrets(secrets);
        model.jobDefinitionName(nameFor(model.getJobDefinitionName()));
        tag(model);
        // Distinguishes it from definitions of the same image without secrets or with secrets of another run.
        hashingTokens.add(secrets.toString());
        ours.add(model);
        return model;
    }

    /**
     * Returns the name for Nextflow's name, nf-IMAGE. Truncated names may collide, but the token identifies a
     * revision.
     */
    static String nameFor(String own) {
        String name = PREFIX + own.replaceFirst("^nf-", "");
        return name.substring(0, Math.min(name.length(), NAME_MAX));
    }

    /**
     * Adds owner and creation time, with which `nf-escrow sweep` finds the leftovers of a machine that did not
     * return.
     */
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
            throw refusal(getTask(), "its job definition has " + size + " bytes, but AWS accepts at most " + DEFINITION_MAX + "; declare fewer secrets per process");
        String name = model.getJobDefinitionName();
        JobDefinitionLog.write(run.events(), "job-definition.intent", Map.of("definition", name));
        try {
            String registered = super.createJobDef(model);
            JobDefinitionLog.write(run.events(), "job-definition.registered", Map.of("definition", registered));
            return registered;
        } catch (AwsServiceException error) {
            // AWS has rejected the request, so it cannot be carried out later.
            if (error.statusCode() >= 400 && error.statusCode() < 500 && !error.isThrottlingException())
                JobDefinitionLog.write(run.events(), "job-definition.refused", Map.of("definition", name));
            throw error;
        }
    }

    /** Returns the declared secrets. For a job array, those of its children. */
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
            Printable.of("nf-escrow: cannot deliver secrets to task " + task.getName() + ": " + why));
    }
}
