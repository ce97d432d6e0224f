package nfescrow;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ShellWordTest {
    private static final String SPECIAL = "'\"\\!$`~*?[]{}()<>|&;#=^%-+@ \t\r\n\u001b\u00e9\u6f22an1";

    @Test
    void bashReadsEveryQuotedWordAsItIs() throws IOException, InterruptedException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<String> words = Stream.concat(
            Stream.of("", "-n", "~", "$(id)", "'", "''", "\\'"),
            Stream.generate(() -> random.ints(random.nextInt(1, 12), 0, SPECIAL.length())
                .mapToObj(at -> String.valueOf(SPECIAL.charAt(at))).collect(Collectors.joining())).limit(2000)).toList();
        String code = "printf '%s\\0' " + words.stream().map(ShellWord::quote).collect(Collectors.joining(" "));
        String read = Programs.run(List.of("/bin/bash", "--norc", "-c", code), Map.of("LC_ALL", "C.UTF-8")).text();
        assertEquals(words.stream().map(word -> word + "\0").collect(Collectors.joining()), read, "seed " + seed);
    }
}
