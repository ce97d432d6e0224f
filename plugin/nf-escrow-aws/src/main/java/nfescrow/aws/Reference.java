package nfescrow.aws;

import groovy.json.JsonSlurper;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A `valueFrom` of ECS: the ARN of a secret that is the value, or an ARN and a JSON key of a secret that is an
 * object.
 */
record Reference(String arn, String key) {
    /** Parses a reference: an ARN of seven parts, then optionally key, version stage and version id. */
    static Reference parse(String text) {
        String[] parts = text.split(":", -1);
        if (parts.length < 8) return new Reference(text, "");
        return new Reference(String.join(":", java.util.Arrays.copyOf(parts, 7)), parts[7]);
    }

    /** Returns the values in a secret's text by key; with an empty key if the text is the value. */
    Map<String, String> decode(String text) throws AwsUnavailableException {
        if (key.isEmpty()) return Map.of("", text);
        Object read;
        try {
            read = new JsonSlurper().parseText(text);
        } catch (RuntimeException error) {
            throw new AwsUnavailableException(arn + " is not a JSON object"); // without the parser's message, which would quote the value
        }
        Map<String, String> object = new LinkedHashMap<>();
        if (read instanceof Map<?, ?> map) map.forEach((name, value) -> object.put(String.valueOf(name), String.valueOf(value)));
        return object;
    }
}
