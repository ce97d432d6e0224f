package nextflow.cloud.aws.batch.model;

import java.util.LinkedHashMap;
import java.util.Map;
import software.amazon.awssdk.services.batch.model.ContainerProperties;
import software.amazon.awssdk.services.batch.model.RegisterJobDefinitionRequest;

/** Stub of the nf-amazon 3.x class. */
public class RegisterJobDefinitionModel {
    private String jobDefinitionName;
    private ContainerPropertiesModel containerProperties;
    private Map<String, String> parameters;
    private Map<String, String> tags;

    public RegisterJobDefinitionModel jobDefinitionName(String value) {
        jobDefinitionName = value;
        return this;
    }

    public String getJobDefinitionName() {
        return jobDefinitionName;
    }

    public RegisterJobDefinitionModel containerProperties(ContainerPropertiesModel value) {
        containerProperties = value;
        return this;
    }

    public ContainerPropertiesModel getContainerProperties() {
        return containerProperties;
    }

    public RegisterJobDefinitionModel parameters(Map<String, String> value) {
        parameters = value;
        return this;
    }

    public Map<String, String> getParameters() {
        return parameters;
    }

    public RegisterJobDefinitionModel addTagsEntry(String key, String value) {
        if (tags == null) tags = new LinkedHashMap<>();
        tags.put(key, value);
        return this;
    }

    public Map<String, String> getTags() {
        return tags;
    }

    public RegisterJobDefinitionRequest toBatchRequest() {
        ContainerProperties container = ContainerProperties.builder()
            .executionRoleArn(containerProperties.getExecutionRoleArn())
            .secrets(containerProperties.getSecrets())
            .build();
        return RegisterJobDefinitionRequest.builder()
            .jobDefinitionName(jobDefinitionName)
            .containerProperties(container)
            .parameters(parameters)
            .tags(tags)
            .build();
    }
}
