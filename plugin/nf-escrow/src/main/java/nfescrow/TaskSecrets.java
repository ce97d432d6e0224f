package nfescrow;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import nextflow.Global;

/**
 * Generates the shell code with which a task reads its secrets. Nextflow inserts it into `.command.run`, where it
 * runs with `set -u` and `set -e`, on the host of the task, before the task's container starts. It contains paths,
 * never values.
 */
final class TaskSecrets {
    /** Variables that bash maintains itself: a task would not see the secret in them. */
    private static final Pattern OF_BASH = Pattern.compile(
        "BASH(_(?!ENV$).*|OPTS|PID)?|COMP_WORDBREAKS|DIRSTACK|EPOCH(REALTIME|SECONDS)|E?UID|FUNCNAME|GROUPS|HISTCMD|LINENO"
            + "|(OLD)?PWD|OPTIND|PIPESTATUS|PPID|S?RANDOM|SECONDS|SHELLOPTS|SHLVL");

    /*
     * - `$(…)` strips trailing newlines. The appended x prevents that and is removed afterwards.
     * - The C locale counts bytes and keeps bytes that are not valid characters.
     * - `command -p` finds the system's cat, whatever PATH modules and beforeScript have set.
     * - The function's variables start with two underscores because no secret's name does. Secrets are exported outside the
     *   function, because a local variable with the same name would shadow the secret.
     * - Messages go to file descriptor 3. Descriptor 2 is discarded: NXF_DEBUG=2 (`set -x`) would print values there, and bash
     *   would warn once per secret if the task's locale is not installed.
     */
    private static final String FUNCTION = """
        nf_escrow_read() {
            local LC_ALL=C __file="$1/secrets/$2" __size
            if ! [[ -f $__file && -r $__file && -f $__file.size && -r $__file.size ]]; then
                echo "nf-escrow: cannot read secret $2 on ${HOSTNAME:-this host}: $__file is missing or not readable" >&3
                exit 1
            fi
            IFS= read -r __size <"$__file.size" || __size=none
            __nf_escrow=$(command -p cat "$__file" && printf x) || __nf_escrow=
            __nf_escrow=${__nf_escrow%x}
            if [[ ${#__nf_escrow} != "$__size" ]]; then
                echo "nf-escrow: cannot read secret $2 on ${HOSTNAME:-this host}: $__file is incomplete" >&3
                exit 1
            fi
        }
        """;

    private TaskSecrets() {}

    /** Returns the shell code. Throws if a declared secret is not among the run's secrets or its file is incomplete. */
    static String shellCode(RunDirectory directory, List<String> names) throws UnusableRunException {
        List<String> missing = names.stream().filter(name -> !directory.names().contains(name)).distinct().toList();
        if (!missing.isEmpty()) throw new UnusableRunException(missingMessage(directory, missing));
        for (String name : names) {
            String reserved = whyReserved(name);
            if (reserved != null)
                throw new UnusableRunException("nf-escrow: cannot deliver secret " + name + ": " + reserved);
        }
        Map<?, ?> config = Global.getConfig() == null ? Map.of() : Global.getConfig();
        String impossible = ContainerRule.whyImpossible(config);
        if (impossible != null)
            throw new UnusableRunException("nf-escrow: cannot deliver " + String.join(", ", names) + ": " + impossible);
        Map<String, byte[]> values = new LinkedHashMap<>();
        for (String name : names) values.put(name, read(directory, name));
        StringBuilder code = new StringBuilder(FUNCTION).append(ContainerRule.shellCode(config, values)).append("{\n");
        for (String name : values.keySet())
            code.append("nf_escrow_read ").append(ShellWord.quote(directory.path())).append(' ').append(name).append('\n')
                .append("export ").append(name).append("=\"$__nf_escrow\"\n");
        return code.append("unset __nf_escrow; } 3>&2 2>/dev/null\nunset -f nf_escrow_read").toString();
    }

    /** Returns why no task can receive a secret of this name, as a clause, or null. */
    static String whyReserved(String name) {
        return OF_BASH.matcher(name).matches() ? "bash reserves the variable of that name" : null;
    }

    private static byte[] read(RunDirectory directory, String name) throws UnusableRunException {
        try {
            return directory.read(name);
        } catch (UnusableRunException error) {
            throw new UnusableRunException("nf-escrow: cannot deliver secret " + name + ": " + error.getMessage());
        }
    }

    private static String missingMessage(RunDirectory directory, List<String> missing) {
        String what = missing.size() == 1 ? "Required secret is missing: " : "Required secrets are missing: ";
        Map<String, String> byReason = new LinkedHashMap<>();
        for (String name : missing)
            byReason.merge(directory.description().whyMissing(name), "'" + name + "'", (all, one) -> all + ", " + one);
        return what + byReason.entrySet().stream()
            .map(reason -> reason.getValue() + " -- " + reason.getKey())
            .collect(Collectors.joining("; ")) + " (see: nf-escrow secrets list)";
    }
}
