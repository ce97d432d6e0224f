package nfescrow;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Which values a container engine would change on their way in, and so which are refused, by name: docs/limits.md. Only
 * a task's own launch command tells whether it goes into a container, and with which options; so it is asked in the task.
 */
final class ContainerRule {
    /** What passes an engine unchanged. */
    private enum Carried {
        PLAIN("only letters, digits and _./:@%+=,- pass it unchanged; change the value"),
        /** The engine sources a script of its own making, with a parser that takes CR LF for the end of a line. */
        LINES("only UTF-8 text without CR LF passes it unchanged; change the value"),
        /** The engine keeps environments as JSON, in which each byte that is no character becomes U+FFFD. */
        TEXT("only UTF-8 text passes it unchanged; change the value");

        private static final Pattern PLAIN_TEXT = Pattern.compile("[A-Za-z0-9_./:@%+=,-]*");
        private final String why;

        Carried(String why) {
            this.why = why;
        }

        boolean holds(byte[] value) {
            try {
                String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(value)).toString();
                return switch (this) {
                    case PLAIN -> PLAIN_TEXT.matcher(text).matches();
                    case LINES -> !text.contains("\r\n");
                    case TEXT -> true;
                };
            } catch (CharacterCodingException notText) {
                return false;
            }
        }
    }

    /** `scope`: of the configuration. `program`: as the launch command names it. */
    private record Engine(String scope, String program, Carried carried) {
        /** Evaluates values as a shell does, unless it is told not to. */
        boolean canBeTold() {
            return scope.equals("singularity") || scope.equals("apptainer");
        }
    }

    private static final List<Engine> ENGINES = List.of(
        new Engine("docker", "docker", Carried.TEXT),
        new Engine("podman", "podman", Carried.TEXT),
        new Engine("appleContainer", "container", Carried.TEXT),
        new Engine("singularity", "singularity", Carried.PLAIN),
        new Engine("apptainer", "apptainer", Carried.PLAIN),
        new Engine("charliecloud", "ch-run", Carried.PLAIN),
        new Engine("sarus", "sarus", Carried.PLAIN),
        new Engine("smolvm", "smolvm", Carried.PLAIN),
        new Engine("udocker", "udocker.py", Carried.PLAIN));

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
     * Shell code that ends a task which would get one of these values otherwise than it is. Engines that have values in
     * their command lines: NXF_DEBUG=2 (`set -x`) would show those, and is over where they come.
     */
    static String shellCode(Map<?, ?> config, Map<String, byte[]> values) {
        Engine engine = ENGINES.stream().filter(known -> isEnabled(config, known.scope)).findFirst().orElse(null);
        if (engine == null) return "";
        String quiet = engine.carried == Carried.PLAIN ? "set +x\n" : "";
        if (refused(Carried.PLAIN, values).isEmpty()) return quiet;
        String told = "";
        String advice = engine.carried.why;
        if (engine.canBeTold()) {
            // Blanks around it: a path or an image may have the word in its name.
            String start = "*\" " + engine.program + " \"*";
            told = branch(start + "\" --no-eval \"*|" + start + "\" --compat \"*", engine, Carried.LINES, Carried.LINES.why, values);
            advice = "set " + engine.scope + ".runOptions = '--no-eval', or change the value";
        }
        return quiet + "case \" $(declare -f nxf_launch) \" in\n"
            + told
            + branch("*\" " + engine.program + " \"*", engine, engine.carried, advice, values)
            + "esac\n";
    }

    private static String branch(String pattern, Engine engine, Carried carried, String advice, Map<String, byte[]> values) {
        String names = refused(carried, values);
        if (names.isEmpty()) return "    " + pattern + ") ;;\n";
        String message = "nf-escrow: " + engine.program + " would not carry " + names + " exactly: " + advice;
        return "    " + pattern + ") echo " + TaskSecrets.quote(message) + " >&2; exit 1 ;;\n";
    }

    private static String refused(Carried carried, Map<String, byte[]> values) {
        return values.entrySet().stream()
            .filter(secret -> !carried.holds(secret.getValue()))
            .map(Map.Entry::getKey)
            .collect(Collectors.joining(", "));
    }

    private static boolean isEnabled(Map<?, ?> config, String scope) {
        return config.get(scope) instanceof Map<?, ?> settings && "true".equals(String.valueOf(settings.get("enabled")));
    }
}
