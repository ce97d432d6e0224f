package nfescrow;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Which values a container engine would change on their way in, and so which are refused, by name: docs/limits.md. Only
 * a task's own launch command tells whether it goes into a container, and with which options; so it is asked in the task.
 */
final class ContainerRule {
    /** What passes an engine unchanged. */
    private enum Carried {
        PLAIN("[A-Za-z0-9_./:@%+=,-]*", "only letters, digits and _./:@%+=,- pass it unchanged; change the value"),
        /** The engine sources a script of its own making, with a parser that takes CR LF for the end of a line. */
        LINES("(?s)(?!.*\r\n).*", "only UTF-8 text without CR LF passes it unchanged; change the value"),
        /** The engine keeps environments as JSON, in which each byte that is no character becomes U+FFFD. */
        TEXT("(?s).*", "only UTF-8 text passes it unchanged; change the value");

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

    /** By scope of the configuration, of which one may be enabled: the program that the launch command names. */
    private static final Map<String, String> PASSING_TEXT =
        Map.of("docker", "docker", "podman", "podman", "appleContainer", "container");
    private static final Map<String, String> PASSING_PLAIN = Map.of(
        "singularity", "singularity", "apptainer", "apptainer", "charliecloud", "ch-run",
        "sarus", "sarus", "smolvm", "smolvm", "udocker", "udocker.py");
    /** Of the last, those that evaluate values as a shell does unless they are told not to. */
    private static final Set<String> TELLABLE = Set.of("singularity", "apptainer");

    /** Shifter gets `"NAME=value" shifter …`, which a shell takes for the name of a command, and prints. */
    private static final String IMPOSSIBLE = "shifter";

    private ContainerRule() {}

    /** With Fusion the wrapper itself runs in the container, which sees nothing of this machine's files. */
    static void assertPossible(Map<?, ?> config, List<String> names) throws UnusableRunException {
        if (isEnabled(config, "fusion"))
            throw new UnusableRunException("nf-escrow: with Fusion tasks do not see the files of their secrets ("
                + String.join(", ", names) + "); switch Fusion off for runs on this platform");
        if (isEnabled(config, IMPOSSIBLE))
            throw new UnusableRunException("nf-escrow: Shifter cannot be given secrets ("
                + String.join(", ", names) + "): Nextflow passes variables to it as the name of a command");
    }

    /**
     * Shell code that ends a task which would get one of these values otherwise than it is. Some engines have values in
     * their command lines: NXF_DEBUG=2 (`set -x`) would show those, and is off from here.
     */
    static String shellCode(Map<?, ?> config, Map<String, byte[]> values) {
        String text = enabled(config, PASSING_TEXT);
        if (text != null) return question(branch(PASSING_TEXT.get(text), "", Carried.TEXT, Carried.TEXT.why, values));
        String plain = enabled(config, PASSING_PLAIN);
        if (plain == null) return "";
        String program = PASSING_PLAIN.get(plain);
        if (!TELLABLE.contains(plain)) return "set +x\n" + question(branch(program, "", Carried.PLAIN, Carried.PLAIN.why, values));
        String advice = "set " + plain + ".runOptions = '--no-eval', or change the value";
        return "set +x\n" + question(
            branch(program, "--no-eval", Carried.LINES, Carried.LINES.why, values)
                + branch(program, "--compat", Carried.LINES, Carried.LINES.why, values)
                + branch(program, "", Carried.PLAIN, advice, values));
    }

    private static String question(String branches) {
        return "case \" $(declare -f nxf_launch) \" in\n" + branches + "esac\n";
    }

    /** Blanks around program and option: a path or an image may have the word in its name. */
    private static String branch(String program, String option, Carried carried, String advice, Map<String, byte[]> values) {
        String pattern = "    *\" " + program + " \"*" + (option.isEmpty() ? "" : "\" " + option + " \"*") + ") ";
        String names = refused(carried, values);
        if (names.isEmpty()) return pattern + ";;\n";
        String message = "nf-escrow: " + program + " would not carry " + names + " exactly: " + advice;
        return pattern + "echo " + TaskSecrets.quote(message) + " >&2; exit 1 ;;\n";
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
