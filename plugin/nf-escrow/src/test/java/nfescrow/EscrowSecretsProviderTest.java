package nfescrow;

import static nfescrow.MadeRun.bytes;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import nextflow.Global;
import nextflow.exception.AbortOperationException;
import nextflow.exception.ProcessUnrecoverableException;
import nextflow.plugin.Priority;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EscrowSecretsProviderTest {
    private static final String VALUE = "tr\u00e8s \"secret\" `id` $(id)\n";

    @TempDir
    Path temporary;

    private final EscrowSecretsProvider provider = new EscrowSecretsProvider();
    private MadeRun run;

    @BeforeEach
    void createRun() throws IOException {
        run = MadeRun.in(temporary, Map.of("TOKEN", bytes(VALUE), "RAW_KEY", new byte[] {(byte) 0xff, (byte) 0xfe}));
    }

    @AfterEach
    void reset() {
        ClaimedRun.claim(Map.of());
        Global.setConfig(Map.of());
    }

    @Test
    void givesTextToScriptsAndConfiguration() {
        claim();
        assertTrue(provider.activable());
        assertEquals(Set.of("RAW_KEY", "TOKEN"), provider.listSecretsNames());
        assertEquals(VALUE, provider.getSecret("TOKEN").getValue());
        assertEquals("TOKEN", provider.getSecret("TOKEN").getName());
        assertEquals("TOKEN=[secret]", provider.getSecret("TOKEN").toString());
        assertNull(provider.getSecret("NOT_THERE"));
    }

    @Test
    void rejectsABinaryValueInAScript() {
        claim();
        AbortOperationException error = assertThrows(AbortOperationException.class, () -> provider.getSecret("RAW_KEY"));
        assertEquals("nf-escrow: cannot resolve secrets.RAW_KEY: the value is not UTF-8 text and can only be used in tasks", error.getMessage());
        assertNotNull(provider.getSecretsEnv(List.of("RAW_KEY")));
    }

    /** Nextflow prints and logs the message: a name must not forge a line. */
    @Test
    void escapesNamesInMessages() {
        claim();
        List<String> names = List.of("A\r\nJan-01 00:00:00.000 [main] DEBUG n.Session - forged", "B\u001b]52;c;eA==\u0007\u202e");
        String message = assertThrows(ProcessUnrecoverableException.class, () -> provider.getSecretsEnv(names)).getMessage();
        assertTrue(message.startsWith("Required secrets are missing: 'A\\u000d\\u000aJan-01 "), message);
        assertTrue(message.contains("'B\\u001b]52;c;eA==\\u0007\\u202e'"), message);
        assertEquals(1, message.lines().count());
    }

    @Test
    void failsATaskThatDeclaresAnUnknownSecret() {
        claim();
        ProcessUnrecoverableException error = assertThrows(
            ProcessUnrecoverableException.class, () -> provider.getSecretsEnv(List.of("TOKEN", "NOPE_ONE", "NOPE_TWO", "NOPE_ONE")));
        String message = error.getMessage();
        assertTrue(message.startsWith("Required secrets are missing: 'NOPE_ONE', 'NOPE_TWO' -- "), message);
        assertTrue(message.contains("workspace " + MadeRun.WORKSPACE), message);
        assertFalse(message.contains("TOKEN"), message);
        assertEquals(1, message.lines().count());
    }

    @Test
    void failsATaskWhoseSecretWasRemoved() throws Exception {
        claim();
        Files.delete(run.secret("TOKEN"));
        ProcessUnrecoverableException error = assertThrows(
            ProcessUnrecoverableException.class, () -> provider.getSecretsEnv(List.of("TOKEN")));
        assertEquals("nf-escrow: cannot deliver secret TOKEN: cannot read TOKEN (not found)", error.getMessage());
    }

    @Test
    void writesNoValueIntoTheTask() {
        claim();
        String code = provider.getSecretsEnv(List.of("TOKEN"));
        assertFalse(code.contains("secret\" `id`"), code);
        assertFalse(code.contains("RAW_KEY"), code);
        assertNull(provider.getSecretsEnv(List.of()));
        assertNull(provider.getSecretsEnv(null));
    }

    /** An inactive provider would make Nextflow use the next one, with the user's own secrets. */
    @Test
    void staysActiveAndFailsIfTheRunDirectoryCannotBeUsed() throws Exception {
        MadeRun.chmod(run.path(), "rwxr-xr-x");
        claim();
        assertTrue(provider.activable());
        assertTrue(EscrowSecretsProvider.class.getAnnotation(Priority.class).value() < 0, "takes precedence over Nextflow's own store");
        assertEquals(Set.of(), provider.listSecretsNames());
        for (String name : List.of("TOKEN", "NOT_THERE")) {
            String read = assertThrows(AbortOperationException.class, () -> provider.getSecret(name)).getMessage();
            String given = assertThrows(ProcessUnrecoverableException.class, () -> provider.getSecretsEnv(List.of(name))).getMessage();
            for (String message : List.of(read, given)) assertTrue(message.contains("is accessible to other users"), message);
        }
        assertNull(provider.getSecretsEnv(List.of()), "a task without secrets runs");
    }

    @Test
    void isInactiveInANestedNextflow() throws Exception {
        claim();
        assertEquals("false\n", Programs.end(Programs.startJava(ClaimingProgram.class, Map.of(), run.path())).text());
        assertFalse(ClaimedRun.claim(Map.of()).isActive());
        assertFalse(provider.activable());
        assertFalse(ClaimedRun.claim(Map.of(ClaimedRun.VARIABLE, "")).isActive());
    }

    @Test
    void isReadOnly() {
        claim();
        assertThrows(UnsupportedOperationException.class, () -> provider.putSecret("TOKEN", "x"));
        assertThrows(UnsupportedOperationException.class, () -> provider.removeSecret("TOKEN"));
    }

    @Test
    void rejectsFusionAndShifter() {
        claim();
        Global.setConfig(Map.of("fusion", Map.of("enabled", true)));
        String fusion = assertThrows(ProcessUnrecoverableException.class, () -> provider.getSecretsEnv(List.of("TOKEN"))).getMessage();
        assertTrue(fusion.contains("cannot deliver TOKEN: with Fusion, "), fusion);
        Global.setConfig(Map.of("shifter", Map.of("enabled", "true")));
        String shifter = assertThrows(ProcessUnrecoverableException.class, () -> provider.getSecretsEnv(List.of("TOKEN"))).getMessage();
        assertTrue(shifter.contains("cannot deliver TOKEN: with Shifter, "), shifter);
        assertNull(provider.getSecretsEnv(List.of()), "a task without secrets runs");
    }

    private void claim() {
        ClaimedRun.claim(Map.of(ClaimedRun.VARIABLE, run.path().toString()));
    }
}
