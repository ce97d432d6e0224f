package nfescrow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import groovy.lang.Closure;
import groovy.lang.GString;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.codehaus.groovy.runtime.GStringImpl;
import org.junit.jupiter.api.Test;

class ProcessCheckTest {
    private static final Set<String> AVAILABLE = Set.of("TOKEN", "UID");
    private static final String ABSENT = "not found in workspace lab/rna, your own secrets or Nextflow's store when the run started";

    private final Map<String, Object> fields = new LinkedHashMap<>(
        Map.of("run", MadeRun.ID, "workspace", MadeRun.WORKSPACE, "secrets", List.of("TOKEN", "UID")));

    @Test
    void acceptsProcessesWhoseSecretsAreAvailable() throws Exception {
        ProcessCheck check = check(false);
        for (Object directive : new Object[] {null, List.of(), List.of("TOKEN"), "TOKEN", gstring("TOKEN")})
            check.add("ALIGN", "local", directive, AVAILABLE, Map.of());
        assertNull(check.problem());
    }

    @Test
    void namesEachProcessSecretAndWorkspace() throws Exception {
        ProcessCheck check = check(false);
        check.add("ALIGN", "local", List.of("TOKEN", "NO_KEY", gstring("NO_KEY"), "NOR_KEY"), AVAILABLE, Map.of());
        check.add("FETCH", "slurm", "NO_KEY", AVAILABLE, Map.of());
        String problem = check.problem();
        assertTrue(problem.startsWith("nf-escrow: cannot run the pipeline in workspace lab/rna: "), problem);
        assertTrue(problem.contains("\n  process ALIGN declares secrets NO_KEY, NOR_KEY: " + ABSENT + "\n"), problem);
        assertTrue(problem.contains("\n  process FETCH declares secret NO_KEY: " + ABSENT + "\n"), problem);
        assertFalse(problem.contains("TOKEN"), problem);
    }

    @Test
    void explainsWhyASecretIsMissing() throws Exception {
        fields.put("undeliverable", Map.of("RAW_KEY", "AWS Batch cannot carry its value, which is not UTF-8 text"));
        assertProblem("RAW_KEY: AWS Batch cannot carry its value, which is not UTF-8 text");
        fields.put("selection", true);
        assertProblem("NO_KEY: not selected with --only-secret when the run started");
    }

    @Test
    void findsWhatOtherwiseFailsEveryTask() throws Exception {
        assertTrue(problemOf(false, "local", "UID", Map.of()).contains("UID: bash reserves"));
        assertTrue(problemOf(false, "seqera", "TOKEN", Map.of()).contains("TOKEN: executor seqera "));
        assertTrue(problemOf(false, "local", "TOKEN", Map.of("fusion", Map.of("enabled", true))).contains("TOKEN: with Fusion, "));
        assertTrue(problemOf(true, "local", "TOKEN", Map.of()).contains("only executor awsbatch receives secrets, not local"));
        assertNull(problemOf(true, "awsbatch", "TOKEN", Map.of("fusion", Map.of("enabled", true))));
        assertTrue(problemOf(true, "awsbatch", "UID", Map.of()).contains("UID: bash reserves"));
        assertNull(problemOf(false, "seqera", List.of(), Map.of()));
    }

    /** What a closure returns depends on the task, but that it is there shows that secrets are declared. */
    @Test
    void leavesClosuresToTheTasks() throws Exception {
        Closure<String> closure = new Closure<>(this) {
            @Override
            public String call() {
                return "NO_KEY";
            }
        };
        assertNull(problemOf(false, "local", closure, Map.of()));
        assertNull(problemOf(false, "local", List.of(closure), Map.of()));
        assertNotNull(problemOf(false, "seqera", closure, Map.of()));
    }

    @Test
    void onlyComparesNamesIfNextflowUsesItsOwnStore() throws Exception {
        fields.put("ownStore", true);
        assertNull(problemOf(false, "local", "UID", Map.of("fusion", Map.of("enabled", true))));
        assertProblem("NO_KEY: " + ABSENT);
        String batch = problemOf(false, "awsbatch", "NO_KEY", Map.of());
        assertTrue(batch.contains("workspace lab/rna or your own secrets, and executor awsbatch cannot read Nextflow's store"), batch);
    }

    /** Names of processes and secrets come from the pipeline: they must not forge a line or flood a terminal. */
    @Test
    void escapesAndLimitsWhatThePipelineNames() throws Exception {
        ProcessCheck check = check(false);
        List<String> names = IntStream.range(0, 500).mapToObj(index -> "N" + index).toList();
        for (int index = 0; index < 500; index++) check.add("P\n\u001b[2J", "local", names, AVAILABLE, Map.of());
        check.add("P", "local", "A\nB", AVAILABLE, Map.of());
        String problem = check.problem();
        assertTrue(problem.contains("process P\\u000a\\u001b[2J declares secrets N0, "), problem);
        assertTrue(problem.contains(" and 480 more: "), problem);
        assertTrue(problem.contains("\n  and 481 more\n"), problem);
        assertEquals(23, problem.lines().count());
        assertTrue(problem.length() < 10_000);
    }

    private void assertProblem(String expected) throws UnusableRunException {
        String name = expected.substring(0, expected.indexOf(':'));
        String problem = problemOf(false, "local", name, Map.of());
        assertTrue(problem.contains("process ALIGN declares secret " + expected), problem);
    }

    private String problemOf(boolean isOnAws, String executor, Object directive, Map<?, ?> config) throws UnusableRunException {
        ProcessCheck check = check(isOnAws);
        check.add("ALIGN", executor, directive, AVAILABLE, config);
        return check.problem();
    }

    private ProcessCheck check(boolean isOnAws) throws UnusableRunException {
        return new ProcessCheck(RunDescription.of(fields), isOnAws);
    }

    private static GString gstring(String text) {
        return new GStringImpl(new Object[] {text}, new String[] {"", ""});
    }
}
