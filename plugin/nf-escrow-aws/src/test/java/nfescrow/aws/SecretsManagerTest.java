package nfescrow.aws;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class SecretsManagerTest {
    private static final String ROLE = "arn:aws:sts::123456789012:assumed-role/launcher/";

    @Test
    void sessionsOfOneRoleAreOneIdentity() {
        assertEquals(SecretsManager.withoutSession(ROLE + "ada"), SecretsManager.withoutSession(ROLE + "1700000000"));
    }

    @Test
    void refusesToBeAnotherThanWhoPlaced() throws AwsUnavailableException {
        SecretsManager.assertSame(ROLE + "ada", ROLE + "bob");
        String user = "arn:aws:iam::123456789012:user/ada";
        String message = assertThrows(AwsUnavailableException.class, () -> SecretsManager.assertSame(ROLE + "ada", user)).getMessage();
        assertEquals("they were placed by " + ROLE + "ada, and this Nextflow is " + user + " to AWS", message);
    }

    @Test
    void anotherRoleAnotherAccountAndAUserAreOthers() {
        String placed = SecretsManager.withoutSession(ROLE + "ada");
        assertNotEquals(placed, SecretsManager.withoutSession("arn:aws:sts::123456789012:assumed-role/other/ada"));
        assertNotEquals(placed, SecretsManager.withoutSession("arn:aws:sts::999999999999:assumed-role/launcher/ada"));
        assertNotEquals(placed, SecretsManager.withoutSession("arn:aws:iam::123456789012:user/launcher"));
        assertEquals("arn:aws:iam::123456789012:user/ada", SecretsManager.withoutSession("arn:aws:iam::123456789012:user/ada"));
    }
}
