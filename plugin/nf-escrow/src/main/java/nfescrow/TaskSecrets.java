package nfescrow;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
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
    /** What no container engine and no shell takes for more than it is. */
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_./:@%+=,-]*");
    /** Engines that evaluate, or split, values on their way into the container: docs/limits.md. */
    private static final List<String> EVALUATING = List.of("singularity", "apptainer", "charliecloud", "sarus", "smolvm");
    /** Shifter gets `"NAME=value" shifter …`, which a shell takes for the name of a command, and prints. */
    private static final String IMPOSSIBLE = "shifter";

    /*
     * - `$(…)` takes newlines off the end: the x is what it finds there, and is taken off again.
     * - The C locale counts bytes, and takes bytes that are no characters as they are.
     * - `command -p` finds the system's cat, whatever modules and beforeScript have made of PATH.
     */
    private static final String FUNCTION = """
        nf_escrow_give() {
            local LC_ALL=C file="$1/secrets/$2" size value
            if ! [[ -f $file && -r $file && -r $file.size ]]; then
                echo "nf-escrow: the secret $2 cannot be read on ${HOSTNAME:-this machine}: $file is not there, or not for us" >&2
                exit 1
            fi
            read -r size <"$file.size" || size=none
            value=$(command -p cat "$file" && printf x) || value=
            value=${value%x}
            if [[ ${#value} != "$size" ]]; then
                echo "nf-escrow: the secret $2 cannot be read on ${HOSTNAME:-this machine}: $file is not whole" >&2
                exit 1
            fi
            export "$2=$value"
        }
        """;

    private TaskSecrets() {}

    /** Throws, naming what and where it was looked for, when a declared secret is not one of the run's, or is not whole. */
    static String shellCode(RunDirectory directory, List<String> names) throws UnusableRunException {
        List<String> missing = names.stream().filter(name -> !directory.names().contains(name)).distinct().toList();
        if (!missing.isEmpty()) throw new UnusableRunException(missingMessage(directory, missing));
        Map<?, ?> config = Global.getConfig() == null ? Map.of() : Global.getConfig();
        assertVisible(config, names);
        List<String> plain = new ArrayList<>();
        List<String> others = new ArrayList<>();
        for (String name : names.stream().distinct().toList()) (isPlain(directory, name) ? plain : others).add(name);
        StringBuilder code = new StringBuilder(FUNCTION);
        if (!others.isEmpty()) code.append(containerRule(config, others));
        for (String name : names.stream().distinct().toList())
            code.append("nf_escrow_give ").append(quote(directory.path())).append(' ').append(name).append('\n');
        return code.append("unset -f nf_escrow_give").toString();
    }

    private static boolean isPlain(RunDirectory directory, String name) throws UnusableRunException {
        try {
            return PLAIN.matcher(new String(directory.read(name), StandardCharsets.ISO_8859_1)).matches();
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

    /** With Fusion the wrapper itself runs in the container, which sees nothing of this machine's files. */
    private static void assertVisible(Map<?, ?> config, List<String> names) throws UnusableRunException {
        if (isEnabled(config, "fusion"))
            throw new UnusableRunException("nf-escrow: with Fusion tasks do not see the files of their secrets ("
                + String.join(", ", names) + "); switch Fusion off for runs on this platform");
        if (isEnabled(config, IMPOSSIBLE))
            throw new UnusableRunException("nf-escrow: Shifter cannot be given secrets ("
                + String.join(", ", names) + "): Nextflow passes variables to it as the name of a command");
    }

    /**
     * Refuses, in the task, values that an evaluating engine would change: whether the task goes into a container, and
     * with which options, only its own launch command tells.
     */
    private static String containerRule(Map<?, ?> config, List<String> names) {
        String engine = EVALUATING.stream().filter(name -> isEnabled(config, name)).findFirst().orElse(null);
        if (engine == null) return "";
        boolean canBeTold = engine.equals("singularity") || engine.equals("apptainer");
        String program = engine.equals("charliecloud") ? "ch-run" : engine;
        String message = "nf-escrow: " + engine + " would not carry " + String.join(", ", names) + " exactly: "
            + (canBeTold
                ? "set " + engine + ".runOptions = '--no-eval', or change the value"
                : "only letters, digits and _./:@%+=,- pass it unchanged; change the value");
        String exempt = canBeTold ? "    *--no-eval*|*--compat*) ;;\n" : "";
        return "case \" $(declare -f nxf_launch) \" in\n" + exempt
            + "    *\" " + program + " \"*) echo " + quote(message) + " >&2; exit 1 ;;\n"
            + "esac\n";
    }

    private static boolean isEnabled(Map<?, ?> config, String scope) {
        return config.get(scope) instanceof Map<?, ?> settings && "true".equals(String.valueOf(settings.get("enabled")));
    }

    /** One word of a shell, whatever is in it. */
    private static String quote(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }
}
