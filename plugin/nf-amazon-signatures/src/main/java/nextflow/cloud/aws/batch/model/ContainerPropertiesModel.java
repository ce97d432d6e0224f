package nextflow.cloud.aws.batch.model;

import java.util.List;
import software.amazon.awssdk.services.batch.model.Secret;

/** Of nf-amazon 3.x: what is used of it. `getSecrets` is ours, for tests. */
public class ContainerPropertiesModel {
    private String executionRoleArn;
    private List<Secret> secrets;

    public ContainerPropertiesModel executionRoleArn(String value) {
        executionRoleArn = value;
        return this;
    }

    public String getExecutionRoleArn() {
        return executionRoleArn;
    }

    public ContainerPropertiesModel secrets(List<Secret> value) {
        secrets = value;
        return this;
    }

    public List<Secret> getSecrets() {
        return secrets;
    }
}
