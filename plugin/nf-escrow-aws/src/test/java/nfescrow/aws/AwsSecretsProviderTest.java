package nfescrow.aws;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import nextflow.exception.AbortOperationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AwsSecretsProviderTest {
    private static final String ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:nf-escrow/lab.rna/r1-AbCdEf";

    @TempDir
    Path temporary;

    /** Opens a run whose secrets a team server holds. */
    private void openHeldRun() throws IOException {
        Path directory = Files.createDirectory(temporary.resolve("r1"));
        Files.writeString(directory.resolve("head.json"), "{\"pid\":" + ProcessHandle.current().pid() + "}");
        Files.writeString(directory.resolve("access.json"),
            "{\"region\":\"eu-west-1\",\"server\":\"https://escrow.example.org\",\"owner\":\"ada\",\"ledger\":\"l1\"}");
        Files.writeString(directory.resolve("references.json"), "{\"FOO_KEY\":\"" + ARN + ":FOO_KEY::\"}");
        AwsRun.open(Map.of("NF_ESCROW_RUN", directory.toString()));
    }

    @Test
    void failsWithTheRemedyForASecretThatATeamServerHolds() throws IOException {
        openHeldRun();
        AwsSecretsProvider provider = new AwsSecretsProvider();
        assertTrue(provider.activable());
        String message = assertThrows(AbortOperationException.class, () -> provider.getSecret("FOO_KEY")).getMessage();
        assertEquals("nf-escrow: cannot resolve secrets.FOO_KEY: the team server https://escrow.example.org delivers this secret to tasks only. "
            + "Declare it in each process that needs it, with the directive: secret 'FOO_KEY'. "
            + "The task finds the value in its environment variable FOO_KEY", message);
        assertNull(provider.getSecret("OTHER_KEY"), "a secret that the run does not have, as without a server");
        assertEquals(Set.of("FOO_KEY"), provider.listSecretsNames());
    }

    @Test
    void escapesTheAddressOfAServer() {
        assertTrue(AwsSecretsProvider.whyHeld("FOO_KEY", "https://x\u001b[2J").contains("\\u001b"));
    }
}
