package nfescrow;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import nextflow.Global;

/**
 * The shell code by which a task reads its secrets. Nextflow pastes it into `.command.run`, where it runs under `set -u`
 * and `set -e`, on the machine of the task, before the task's container. It holds paths, never values.
 */
final class TaskSecrets {
    /** Variables in which bash keeps what it likes: a task would have something else in them, or nothing. */
    private static final Pattern OF_BASH = Pattern.compile(
        "BASH(_(?!ENV$).*|OPTS|PID)?|COMP_WORDBREAKS|DIRSTACK|EPOCH(REALTIME|SECONDS)|E?UID|FUNCNAME|GROUPS|HISTCMD|LINENO"
            + "|(OLD)?PWD|OPTIND|PIPESTATUS|PPID|S?RANDOM|SECONDS|SHELLOPTS|SHLVL");

    /*
     * - `$(…)` takes newlines off the end: the x is what it finds there, and is taken off again.
     * - The C locale counts bytes, and takes bytes that are no characters as they are.
     * - `command -p` finds the system's cat, whatever modules and beforeScript have made of PATH.
     * - No secret's name begins with two underscores, and none is exported here: a local of its name would take it.
     * - What is to be seen goes to 3. To 2 goes what NXF_DEBUG=2 (`set -x`) would show: values; and a warning for each
     *   secret where the task's locale is not installed.
     */
    private static final String FUNCTION = """
        nf_escrow_read() {
            local LC_ALL=C __file="$1/secrets/$2" __size
            if ! [[ -f $__file && -r $__file && -f $__file.size && -r $__file.size ]]; then
                echo "nf-escrow: the secret $2 cannot be read on ${HOSTNAME:-this machine}: $__file is not there, or not for us" >&3
                exit 1
            fi
            IFS= read -r __size <"$__file.size" || __size=none
            __nf_escrow=$(command -p cat "$__file" && printf x) || __nf_escrow=
            __nf_escrow=${__nf_escrow%x}
            if [[ ${#__nf_escrow} != "$__size" ]]; then
                echo "nf-escrow: the secret $2 cannot be read on ${HOSTNAME:-this machine}: $__file is not whole" >&3
                exit 1
            fi
        }
        """;

    private TaskSecrets() {}

    /** Throws, naming what and where it was looked for, when a declared secret is not one of the run's, or is not whole. */
    static String shellCode(RunDirectory directory, List<String> names) throws UnusableRunException {
        List<String> missing = names.stream().filter(name -> !directory.names().contains(name)).distinct().toList();
        if (!missing.isEmpty()) throw new UnusableRunException(missingMessage(directory, missing));
        for (String name : names)
            if (OF_BASH.matcher(name).matches())
                throw new UnusableRunException("nf-escrow: no task can have a secret of the name " + name + ": bash keeps that variable to itself");
        Map<?, ?> config = Global.getConfig() == null ? Map.of() : Global.getConfig();
        ContainerRule.assertPossible(config, names);
        Map<String, byte[]> values = new LinkedHashMap<>();
        for (String name : names) values.put(name, read(directory, name));
        StringBuilder code = new StringBuilder(FUNCTION).append(ContainerRule.shellCode(config, values)).append("{\n");
        for (String name : values.keySet())
            code.append("nf_escrow_read ").append(quote(directory.path())).append(' ').append(name).append('\n')
                .append("export ").append(name).append("=\"$__nf_escrow\"\n");
        return code.append("unset __nf_escrow; } 3>&2 2>/dev/null\nunset -f nf_escrow_read").toString();
    }

    private static byte[] read(RunDirectory directory, String name) throws UnusableRunException {
        try {
            return directory.read(name);
        } catch (UnusableRunException error) {
            throw new UnusableRunException("nf-escrow: the secret " + name + " of this run cannot be given: " + error.getMessage());
        }
    }

    private static String missingMessage(RunDirectory directory, List<String> missing) {
        String names = missing.stream().map(name -> "'" + name + "'").collect(Collectors.joining(", "));
        String what = missing.size() == 1 ? "Required secret is missing: " : "Required secrets are missing: ";
        return what + names + " -- nf-escrow looked in the workspace " + directory.workspace()
            + ", among your own, and in Nextflow's store, as the run was started (see: nf-escrow secrets list)";
    }

    /** One word of a shell, whatever is in it. */
    static String quote(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }
}
