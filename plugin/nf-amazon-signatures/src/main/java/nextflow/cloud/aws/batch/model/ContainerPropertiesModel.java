package nextflow.cloud.aws.batch.model;

import java.util.List;
import software.amazon.awssdk.services.batch.model.Secret;

/** Stub of the nf-amazon 3.x class. `getSecrets` is an addition for tests. */
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
