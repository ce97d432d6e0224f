package nfescrow;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The content of `run.json`: names, no values.
 *
 * @param workspace ORGANIZATION/NAME
 * @param names secrets in the run directory
 * @param undeliverable secrets that the platform cannot carry unchanged, with the reason as a clause
 * @param isSelection whether the run was started with a selection of secrets
 * @param usesOwnStore whether the run has no secrets of nf-escrow, so that Nextflow uses its own store
 * @param restored nf-escrow's variables with the values that tasks would see without nf-escrow; empty if unset
 */
record RunDescription(
        String id,
        String workspace,
        Set<String> names,
        Map<String, String> undeliverable,
        boolean isSelection,
        boolean usesOwnStore,
        Map<String, String> restored) {
    /** Parses a description. Throws if a required field is missing. */
    static RunDescription of(Map<?, ?> run) throws UnusableRunException {
        if (!(run.get("secrets") instanceof List<?> secrets) || !(run.get("workspace") instanceof String workspace))
            throw new UnusableRunException("run.json has no list of secrets");
        Set<String> names = new LinkedHashSet<>();
        for (Object secret : secrets) names.add(String.valueOf(secret));
        return new RunDescription(String.valueOf(run.get("run")), workspace, names, texts(run.get("undeliverable")),
            Boolean.TRUE.equals(run.get("selection")), Boolean.TRUE.equals(run.get("ownStore")), texts(run.get("restore")));
    }

    private static Map<String, String> texts(Object object) {
        Map<String, String> texts = new LinkedHashMap<>();
        if (object instanceof Map<?, ?> map)
            map.forEach((name, value) -> texts.put(String.valueOf(name), value == null ? "" : value.toString()));
        return texts;
    }

    /** Returns why tasks on an executor do not receive a secret, as a clause. */
    String whyMissing(String name, String executor) {
        if (!usesOwnStore || !ExecutorRule.isBatch(executor)) return whyMissing(name);
        return "not found in workspace " + workspace + " or your own secrets, and executor " + executor
            + " cannot read Nextflow's store (see: nf-escrow secrets import)";
    }

    /** Returns why the run does not have a secret, as a clause. */
    String whyMissing(String name) {
        String reason = undeliverable.get(name);
        if (reason != null) return reason;
        if (isSelection) return "not selected with --only-secret when the run started";
        return "not found in workspace " + workspace + ", your own secrets or Nextflow's store when the run started";
    }
}
