package nfescrow.aws;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;

/**
 * AWS Signature Version 4 for POST requests:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
 */
final class Signature {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    private Signature() {}

    /** Returns the headers to send: the given ones and the signature. */
    static Map<String, String> of(
            AwsCredentials credentials, String region, String service, URI endpoint, TreeMap<String, String> headers, byte[] body) {
        return of(credentials, region, service, endpoint, headers, body, Instant.now());
    }

    static Map<String, String> of(
            AwsCredentials credentials, String region, String service, URI endpoint, TreeMap<String, String> headers, byte[] body, Instant now) {
        String time = TIME.format(now);
        String scope = time.substring(0, 8) + "/" + region + "/" + service + "/aws4_request";
        TreeMap<String, String> signed = new TreeMap<>(headers);
        signed.put("host", endpoint.getRawAuthority());
        signed.put("x-amz-date", time);
        if (credentials instanceof AwsSessionCredentials session) signed.put("x-amz-security-token", session.sessionToken());
        String names = String.join(";", signed.keySet());
        String lines = signed.entrySet().stream().map(entry -> entry.getKey() + ":" + entry.getValue().trim() + "\n").collect(Collectors.joining());
        String request = String.join("\n", "POST", endpoint.getRawPath(), "", lines, names, hex(digest(body)));
        String toSign = String.join("\n", "AWS4-HMAC-SHA256", time, scope, hex(digest(bytes(request))));
        byte[] key = bytes("AWS4" + credentials.secretAccessKey());
        for (String part : scope.split("/")) key = hmac(key, part);
        signed.put("authorization", "AWS4-HMAC-SHA256 Credential=" + credentials.accessKeyId() + "/" + scope
            + ", SignedHeaders=" + names + ", Signature=" + hex(hmac(key, toSign)));
        signed.remove("host"); // the HTTP client sets it and does not permit setting it
        return signed;
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
