package nfescrow;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Finds the secrets that processes declare and that their tasks could not receive. Nextflow creates all processes before it
 * starts the first one, so a missing secret is reported before any task is submitted instead of hours later.
 */
final class ProcessCheck {
    /** Maximum number of reported lines, and of names in one of them. */
    private static final int LISTED = 20;

    private final RunDescription run;
    private final boolean isOnAws;
    private final List<String> problems = new ArrayList<>();

    ProcessCheck(RunDescription run, boolean isOnAws) {
        this.run = run;
        this.isOnAws = isOnAws;
    }

    /**
     * Examines a process. `directive`: its directive `secret`. `available`: the names that tasks can receive. `config`: the
     * configuration of the run.
     */
    void add(String process, String executor, Object directive, Set<String> available, Map<?, ?> config) {
        List<String> names = namesIn(directive);
        String refusal = run.usesOwnStore() ? null : refusalOf(executor, config);
        boolean declares = directive != null && !(directive instanceof Collection<?> list && list.isEmpty());
        if (refusal != null && declares) {
            add(process, names, refusal);
            return;
        }
        Map<String, List<String>> byReason = new LinkedHashMap<>();
        for (String name : names) {
            String why = available.contains(name) ? reservedBy(name) : run.whyMissing(name, executor);
            if (why != null) byReason.computeIfAbsent(why, none -> new ArrayList<>()).add(name);
        }
        byReason.forEach((why, affected) -> add(process, affected, why));
    }

    private String refusalOf(String executor, Map<?, ?> config) {
        String refusal = ExecutorRule.whyUndeliverable(executor, isOnAws);
        return refusal == null && !isOnAws ? ContainerRule.whyImpossible(config) : refusal;
    }

    /** Returns why a task would not see a secret of the run. Nextflow's own store is left to Nextflow. */
    private String reservedBy(String name) {
        return run.usesOwnStore() ? null : TaskSecrets.whyReserved(name);
    }

    private void add(String process, List<String> names, String why) {
        String listed = names.stream().limit(LISTED).map(Printable::of).collect(Collectors.joining(", "));
        String more = names.size() > LISTED ? " and " + (names.size() - LISTED) + " more" : "";
        String what = names.isEmpty() ? "its secrets" : (names.size() == 1 ? "secret " : "secrets ") + listed + more;
        problems.add("  process " + Printable.of(process) + " declares " + what + ": " + Printable.of(why));
    }

    /** Returns what keeps the run from starting, on several lines; null if nothing does. */
    String problem() {
        if (problems.isEmpty()) return null;
        String more = problems.size() > LISTED ? "\n  and " + (problems.size() - LISTED) + " more" : "";
        return "nf-escrow: cannot run the pipeline in workspace " + Printable.of(run.workspace())
            + ": processes declare secrets that the run cannot deliver. No task was submitted.\n"
            + problems.stream().limit(LISTED).collect(Collectors.joining("\n")) + more
            + "\nShow the secrets of a run with: nf-escrow run --explain PIPELINE";
    }

    /** Returns the names in a directive. What a closure returns is known only when a task is created: TaskSecrets checks it. */
    static List<String> namesIn(Object directive) {
        if (directive instanceof CharSequence name) return List.of(name.toString());
        if (!(directive instanceof Collection<?> names)) return List.of();
        return names.stream().filter(CharSequence.class::isInstance).map(Object::toString).distinct().toList();
    }
}
