package nfescrow.aws;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Verifies requests as AWS does: computes Signature Version 4 of a received request. Independent of the SDK, and tested
 * with AWS's published examples.
 */
final class SignatureCheck {
    private static final Pattern AUTHORIZATION = Pattern.compile(
        "AWS4-HMAC-SHA256 Credential=(\\w+)/(\\d{8}/([\\w-]+)/(\\w+)/aws4_request), ?SignedHeaders=([\\w;-]+), ?Signature=([0-9a-f]{64})");

    private SignatureCheck() {}

    /** Returns whether the signature in a request is right. `headers` have lower-case names. */
    static boolean isRight(String secretKey, URI target, Map<String, String> headers, byte[] body) {
        Matcher found = AUTHORIZATION.matcher(headers.getOrDefault("authorization", ""));
        return found.matches() && found.group(6).equals(of(secretKey, found.group(2), found.group(5), target, headers, body));
    }

    static String of(String secretKey, String scope, String names, URI target, Map<String, String> headers, byte[] body) {
        Map<String, String> signed = new TreeMap<>(headers);
        signed.keySet().retainAll(java.util.Set.of(names.split(";")));
        String lines = signed.entrySet().stream().map(entry -> entry.getKey() + ":" + entry.getValue().trim() + "\n").collect(Collectors.joining());
        String query = target.getRawQuery() == null ? "" : target.getRawQuery();
        String request = String.join("\n", "POST", target.getRawPath(), query, lines, names, hex(digest(body)));
        String toSign = String.join("\n", "AWS4-HMAC-SHA256", headers.get("x-amz-date"), scope, hex(digest(bytes(request))));
        byte[] key = bytes("AWS4" + secretKey);
        for (String part : scope.split("/")) key = hmac(key, part);
        return hex(hmac(key, toSign));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    private static byte[] digest(byte[] data) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(data);
        } catch (GeneralSecurityException error) {
            throw new IllegalStateException(error); // every Java has it
        }
    }

    private static byte[] hmac(byte[] key, String data) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(bytes(data));
        } catch (GeneralSecurityException error) {
            throw new IllegalStateException(error); // every Java has it
        }
    }
}
