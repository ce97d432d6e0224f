package nfescrow.aws;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import org.junit.jupiter.api.Test;

class SecretsManagerTest {
    private static final String ROLE = "arn:aws:sts::123456789012:assumed-role/launcher/";

    @Test
    void sessionsOfOneRoleAreOneIdentity() {
        assertEquals(SecretsManager.withoutSession(ROLE + "ada"), SecretsManager.withoutSession(ROLE + "1700000000"));
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
