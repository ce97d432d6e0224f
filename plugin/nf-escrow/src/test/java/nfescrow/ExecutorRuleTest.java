package nfescrow;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import nextflow.exception.AbortOperationException;
import org.junit.jupiter.api.Test;

class ExecutorRuleTest {
    @Test
    void refusesAnExecutorThatResolvesSecretsElsewhere() {
        for (String name : List.of("seqera", "Seqera")) {
            Map<?, ?> config = Map.of("process", Map.of("executor", name));
            AbortOperationException error =
                assertThrows(AbortOperationException.class, () -> ExecutorRule.assertDeliverable(config));
            assertTrue(error.getMessage().contains("--no-secrets"), error.getMessage());
        }
    }

    @Test
    void acceptsOtherExecutors() {
        assertDoesNotThrow(() -> ExecutorRule.assertDeliverable(Map.of()));
        for (String name : List.of("local", "slurm", "awsbatch"))
            assertDoesNotThrow(() -> ExecutorRule.assertDeliverable(Map.of("process", Map.of("executor", name))));
    }

    @Test
    void knowsWhichExecutorsReceiveSecrets() {
        assertNotNull(ExecutorRule.whyUndeliverable("seqera", false));
        assertNotNull(ExecutorRule.whyUndeliverable("seqera", true));
        assertNotNull(ExecutorRule.whyUndeliverable("local", true));
        assertNull(ExecutorRule.whyUndeliverable("awsbatch", true));
        assertNull(ExecutorRule.whyUndeliverable("slurm", false));
        assertNull(ExecutorRule.whyUndeliverable(null, true));
    }
}
