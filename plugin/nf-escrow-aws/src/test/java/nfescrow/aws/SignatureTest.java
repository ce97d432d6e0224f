package nfescrow.aws;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.SignRequest;

class SignatureTest {
    private static final Instant NOW = Instant.parse("2026-01-05T10:00:00Z");

    /** Compares the signature with that of the SDK's signer. */
    @Test
    void signsLikeTheSdk() {
        for (AwsCredentials credentials : new AwsCredentials[] {
                AwsBasicCredentials.create("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
                AwsSessionCredentials.create("ASIDEXAMPLE", "secret", "a/session+token==")}) {
            URI endpoint = URI.create("https://secretsmanager.eu-west-1.amazonaws.com/");
            byte[] body = "{\"SecretId\":\"é\"}".getBytes(StandardCharsets.UTF_8);
            TreeMap<String, String> headers = new TreeMap<>(Map.of(
                "content-type", "application/x-amz-json-1.1", "x-amz-target", "secretsmanager.GetSecretValue"));
            SdkHttpRequest theirs = theirs(credentials, endpoint, headers, body);
            // The SDK adds and signs this header too. AWS accepts requests without it.
            theirs.firstMatchingHeader("x-amz-content-sha256").ifPresent(hash -> headers.put("x-amz-content-sha256", hash));
            Map<String, String> own = Signature.of(credentials, "eu-west-1", "secretsmanager", endpoint, headers, body, NOW);
            assertEquals(theirs.firstMatchingHeader("Authorization").orElseThrow(), own.get("authorization"));
        }
    }

    private static SdkHttpRequest theirs(AwsCredentials credentials, URI endpoint, Map<String, String> headers, byte[] body) {
        SdkHttpRequest.Builder request = SdkHttpRequest.builder().method(SdkHttpMethod.POST).uri(endpoint);
        headers.forEach(request::putHeader);
        SignRequest<AwsCredentials> sign = SignRequest.builder(credentials)
            .request(request.build())
            .payload(() -> new java.io.ByteArrayInputStream(body))
            .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, "secretsmanager")
            .putProperty(AwsV4HttpSigner.REGION_NAME, "eu-west-1")
            .putProperty(AwsV4HttpSigner.SIGNING_CLOCK, Clock.fixed(NOW, ZoneOffset.UTC))
            .build();
        return AwsV4HttpSigner.create().sign(sign).request();
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
