package nfescrow;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GuessedPluginsTest {
    @Test
    void returnsThePluginOfTheExecutor() {
        assertEquals(Set.of("nf-amazon"), guess("process", "awsbatch"));
        assertEquals(Set.of("nf-google"), guess("process", "google-batch"));
        assertEquals(Set.of("nf-google"), guess("process", "google-lifesciences"));
        assertEquals(Set.of("nf-azure"), guess("process", "azurebatch"));
        assertEquals(Set.of("nf-k8s"), guess("process", "k8s"));
        assertEquals(Set.of("nf-amazon"), guess("agent", "awsbatch"));
    }

    @Test
    void returnsNothingForOtherConfiguration() {
        assertEquals(Set.of(), GuessedPlugins.guess(Map.of()));
        assertEquals(Set.of(), guess("process", "slurm"));
        assertEquals(Set.of(), guess("executor", "awsbatch"));
        assertEquals(Set.of(), GuessedPlugins.guess(Map.of("process", Map.of("executor", Map.of("name", "awsbatch")))));
        assertEquals(Set.of(), GuessedPlugins.guess(Map.of("process", "awsbatch")));
    }

    private static Set<String> guess(String scope, String executor) {
        return GuessedPlugins.guess(Map.of(scope, Map.of("executor", executor)));
    }
}
