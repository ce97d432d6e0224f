package nfescrow.aws;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;

class SignatureTest {
    private static final String KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    /** Examples of AWS's Signature Version 4 test suite: post-vanilla, post-vanilla-query, post-x-www-form-urlencoded. */
    @Test
    void theCheckAgreesWithThePublishedExamples() {
        Map<String, String> plain = Map.of("host", "example.amazonaws.com", "x-amz-date", "20150830T123600Z");
        Map<String, String> form = new LinkedHashMap<>(plain);
        form.put("content-type", "application/x-www-form-urlencoded");
        assertEquals("5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b", example("/", plain, ""));
        assertEquals("28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11", example("/?Param1=value1", plain, ""));
        assertEquals("ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a", example("/", form, "Param1=value1"));
    }

    private static String example(String path, Map<String, String> headers, String body) {
        String names = String.join(";", new java.util.TreeSet<>(headers.keySet()));
        URI target = URI.create("https://example.amazonaws.com" + path);
        return SignatureCheck.of(KEY, "20150830/us-east-1/service/aws4_request", names, target, headers, body.getBytes(StandardCharsets.UTF_8));
    }

    /** The HTTP client must not change what was signed: the server verifies what it has received. */
    @Test
    void signsWhatTheServerReceives() throws Exception {
        AwsCredentials[] all = {AwsBasicCredentials.create("AKIDEXAMPLE", KEY), AwsSessionCredentials.create("ASIDEXAMPLE", KEY, "a/session+token==")};
        Map<String, String> json = Map.of("content-type", "application/x-amz-json-1.1", "x-amz-target", "secretsmanager.GetSecretValue");
        Map<String, String> form = Map.of("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        for (AwsCredentials credentials : all) {
            assertReceived(credentials, "secretsmanager", json, "{\"SecretId\":\"\u00e9\"}");
            assertReceived(credentials, "sts", form, "Action=GetCallerIdentity&Version=2011-06-15");
        }
    }

    private static void assertReceived(AwsCredentials credentials, String service, Map<String, String> headers, String text) throws Exception {
        CompletableFuture<Map<String, String>> received = new CompletableFuture<>();
        CompletableFuture<byte[]> content = new CompletableFuture<>();
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", exchange -> {
            Map<String, String> found = new LinkedHashMap<>();
            exchange.getRequestHeaders().forEach((name, values) -> found.put(name.toLowerCase(Locale.ROOT), String.join(",", values)));
            content.complete(exchange.getRequestBody().readAllBytes());
            received.complete(found);
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        server.start();
        try {
            URI endpoint = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
            byte[] body = text.getBytes(StandardCharsets.UTF_8);
            HttpRequest.Builder builder = HttpRequest.newBuilder(endpoint);
            Signature.of(credentials, "eu-west-1", service, endpoint, headers, body).forEach(builder::header);
            HttpRequest request = builder.POST(HttpRequest.BodyPublishers.ofByteArray(body)).build();
            assertEquals(200, HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.discarding()).statusCode());
            Map<String, String> found = received.get();
            assertTrue(found.get("authorization").contains("/eu-west-1/" + service + "/aws4_request"), found.get("authorization"));
            headers.forEach((name, value) -> assertEquals(value, found.get(name)));
            if (credentials instanceof AwsSessionCredentials session) assertEquals(session.sessionToken(), found.get("x-amz-security-token"));
            assertTrue(SignatureCheck.isRight(KEY, endpoint, found, content.get()), found.toString());
            assertFalse(SignatureCheck.isRight(KEY, endpoint, found, new byte[] {1}));
            assertFalse(SignatureCheck.isRight("another", endpoint, found, content.get()));
        } finally {
            server.stop(0);
        }
    }

    @Test
    void parsesReferences() throws AwsUnavailableException {
        String arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:nf-escrow/lab.rna/r1-AbCdEf";
        assertEquals(new Reference(arn, "FOO_KEY"), Reference.parse(arn + ":FOO_KEY::"));
        assertEquals(new Reference(arn, ""), Reference.parse(arn));
        assertEquals(Map.of("FOO_KEY", "a\nb"), Reference.parse(arn + ":FOO_KEY::").decode("{\"FOO_KEY\":\"a\\nb\"}"));
        assertEquals(Map.of("", "{raw"), Reference.parse(arn).decode("{raw"));
        AwsUnavailableException error = assertThrows(AwsUnavailableException.class, () -> Reference.parse(arn + ":K::").decode("do not tell"));
        assertTrue(!error.getMessage().contains("do not tell"));
    }

    @Test
    void ignoresTheSessionNameInAnIdentity() {
        assertEquals(
            SecretsManager.withoutSession("arn:aws:sts::1:assumed-role/nf/nf-escrow"),
            SecretsManager.withoutSession("arn:aws:sts::1:assumed-role/nf/aws-sdk-java-1"));
        assertEquals("arn:aws:iam::1:user/ada", SecretsManager.withoutSession("arn:aws:iam::1:user/ada"));
    }
}
