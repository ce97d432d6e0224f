package nfescrow.aws;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class SecretsManagerTest {
    private static final String ROLE = "arn:aws:sts::123456789012:assumed-role/launcher/";

    @Test
    void treatsSessionsOfARoleAsOneIdentity() {
        assertEquals(SecretsManager.withoutSession(ROLE + "ada"), SecretsManager.withoutSession(ROLE + "1700000000"));
    }

    @Test
    void rejectsAnotherIdentityThanTheCreator() throws AwsUnavailableException {
        SecretsManager.assertSame(ROLE + "ada", ROLE + "bob");
        String user = "arn:aws:iam::123456789012:user/ada";
        String message = assertThrows(AwsUnavailableException.class, () -> SecretsManager.assertSame(ROLE + "ada", user)).getMessage();
        assertEquals("the secrets were created by " + ROLE + "ada, but Nextflow has the AWS identity " + user, message);
    }

    @Test
    void distinguishesRolesAccountsAndUsers() {
        String placed = SecretsManager.withoutSession(ROLE + "ada");
        assertNotEquals(placed, SecretsManager.withoutSession("arn:aws:sts::123456789012:assumed-role/other/ada"));
        assertNotEquals(placed, SecretsManager.withoutSession("arn:aws:sts::999999999999:assumed-role/launcher/ada"));
        assertNotEquals(placed, SecretsManager.withoutSession("arn:aws:iam::123456789012:user/launcher"));
        assertEquals("arn:aws:iam::123456789012:user/ada", SecretsManager.withoutSession("arn:aws:iam::123456789012:user/ada"));
    }
}
