package nfescrow;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Decides which values a container engine would change, and rejects those by name: docs/limits.md. Whether a task
 * runs in a container, and with which options, is known only from the launch command in the task's wrapper. The check
 * therefore runs there, as shell code.
 */
final class ContainerRule {
    /** Values that an engine passes unchanged. */
    private enum Carried {
        PLAIN("[A-Za-z0-9_./:@%+=,-]*", "it supports only letters, digits and _./:@%+=,-; change the value"),
        /** The engine sources a script that it generates, and its parser converts CR LF to LF. */
        LINES("(?s)(?!.*\r\n).*", "it supports only UTF-8 text without CR LF; change the value"),
        /** The engine keeps environments as JSON, in which each invalid byte becomes U+FFFD. */
        TEXT("(?s).*", "it supports only UTF-8 text; change the value");

        private final Pattern text;
        private final String why;

        Carried(String text, String why) {
            this.text = Pattern.compile(text);
            this.why = why;
        }

        boolean holds(byte[] value) {
            try {
                return text.matcher(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(value))).matches();
            } catch (CharacterCodingException notText) {
                return false;
            }
        }
    }

    /** The program in the launch command, by configuration scope. At most one scope can be enabled. */
    private static final Map<String, String> PASSING_TEXT =
        Map.of("docker", "docker", "podman", "podman", "appleContainer", "container");
    private static final Map<String, String> PASSING_PLAIN = Map.of(
        "singularity", "singularity", "apptainer", "apptainer", "charliecloud", "ch-run",
        "sarus", "sarus", "smolvm", "smolvm", "udocker", "udocker.py");
    /** Engines that evaluate values like a shell unless they have the option `--no-eval`. */
    private static final Set<String> WITH_NO_EVAL = Set.of("singularity", "apptainer");

    /**
     * Nextflow's launch command is `"NAME=value" shifter …`. A shell runs the quoted word as a command and prints it.
     */
    private static final String IMPOSSIBLE = "shifter";

    private ContainerRule() {}

    /**
     * Returns why no task of this configuration can receive secrets, as a clause, or null. With Fusion, the wrapper itself runs
     * in the container, which does not see the run directory.
     */
    static String whyImpossible(Map<?, ?> config) {
        if (isEnabled(config, "fusion")) return "with Fusion, tasks cannot access the run directory; set fusion.enabled = false";
        if (isEnabled(config, IMPOSSIBLE))
            return "with Shifter, Nextflow's launch command would print the values; use another container engine";
        return null;
    }

    /**
     * Returns shell code that ends a task if its container engine would change one of the values. Some engines have
     * values on their command lines, which NXF_DEBUG=2 (`set -x`) would print, so the code turns tracing off.
     */
    static String shellCode(Map<?, ?> config, Map<String, byte[]> values) {
        String text = enabled(config, PASSING_TEXT);
        if (text != null) return question(branch(PASSING_TEXT.get(text), "", Carried.TEXT, Carried.TEXT.why, values));
        String plain = enabled(config, PASSING_PLAIN);
        if (plain == null) return "";
        String program = PASSING_PLAIN.get(plain);
        if (!WITH_NO_EVAL.contains(plain)) return "set +x\n" + question(branch(program, "", Carried.PLAIN, Carried.PLAIN.why, values));
        String advice = "it evaluates values; set " + plain + ".runOptions = '--no-eval', or change the value";
        return "set +x\n" + question(
            branch(program, "--no-eval", Carried.LINES, Carried.LINES.why, values)
                + branch(program, "--compat", Carried.LINES, Carried.LINES.why, values)
                + branch(program, "", Carried.PLAIN, advice, values));
    }

    private static String question(String branches) {
        return "case \" $(declare -f nxf_launch) \" in\n" + branches + "esac\n";
    }

    /** The pattern has blanks around program and option, because a path or an image name may contain the word. */
    private static String branch(String program, String option, Carried carried, String advice, Map<String, byte[]> values) {
        String pattern = "    *\" " + program + " \"*" + (option.isEmpty() ? "" : "\" " + option + " \"*") + ") ";
        String names = refused(carried, values);
        if (names.isEmpty()) return pattern + ";;\n";
        String message = "nf-escrow: cannot pass " + names + " unchanged to " + program + ": " + advice;
        return pattern + "echo " + ShellWord.quote(message) + " >&2; exit 1 ;;\n";
    }

    private static String refused(Carried carried, Map<String, byte[]> values) {
        return values.entrySet().stream()
            .filter(secret -> !carried.holds(secret.getValue()))
            .map(Map.Entry::getKey)
            .collect(Collectors.joining(", "));
    }

    private static String enabled(Map<?, ?> config, Map<String, String> engines) {
        return engines.keySet().stream().filter(scope -> isEnabled(config, scope)).findFirst().orElse(null);
    }

    private static boolean isEnabled(Map<?, ?> config, String scope) {
        return config.get(scope) instanceof Map<?, ?> settings && "true".equals(String.valueOf(settings.get("enabled")));
    }
}
