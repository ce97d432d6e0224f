package nfescrow.aws;

import groovy.json.JsonSlurper;
import java.util.LinkedHashMap;
import java.util.Map;

/** What ECS takes as `valueFrom`: the ARN of a secret, which holds the value itself, or with a JSON key behind it an object. */
record Reference(String arn, String key) {
    /** An ARN has seven parts; then come key, version stage and version id. */
    static Reference parse(String text) {
        String[] parts = text.split(":", -1);
        if (parts.length < 8) return new Reference(text, "");
        return new Reference(String.join(":", java.util.Arrays.copyOf(parts, 7)), parts[7]);
    }

    /** The values of a secret's text by key; by an empty one where it is a value itself. */
    Map<String, String> decode(String text) throws AwsUnavailableException {
        if (key.isEmpty()) return Map.of("", text);
        Object read;
        try {
            read = new JsonSlurper().parseText(text);
        } catch (RuntimeException error) {
            throw new AwsUnavailableException(arn + " is not as nf-escrow made it"); // the parser's own message would quote it
        }
        Map<String, String> object = new LinkedHashMap<>();
        if (read instanceof Map<?, ?> map) map.forEach((name, value) -> object.put(String.valueOf(name), String.valueOf(value)));
        return object;
    }
}
