package nfescrow.aws;

import groovy.json.JsonOutput;
import groovy.json.JsonSlurper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;

/**
 * The two requests that the head makes by itself: who it is to AWS, and the text of a secret. A client of its own, since
 * nf-amazon brings none of Secrets Manager, and one of the SDK's would have to fit the SDK of whichever nf-amazon is there.
 * Credentials are nf-amazon's SDK's to find.
 */
final class SecretsManager {
    private static final int TRIES = 4;
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final AwsRun run;
    private final String region;
    private final AwsCredentialsProvider credentials;
    private final HttpClient http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();

    private SecretsManager(AwsRun run) {
        this.run = run;
        this.region = run.access("region");
        // A role is taken by a profile that nf-escrow has put into the AWS configuration: daemon/aws/session/head-profile.ts
        String profile = run.access("role") != null ? "nf-escrow" : run.access("profile");
        // A profile that is named is that and nothing else: neither variables nor the machine's role stand in for it.
        this.credentials = profile == null ? DefaultCredentialsProvider.builder().build() : ProfileCredentialsProvider.create(profile);
    }

    /** Throws where the head is somebody else to AWS than whoever placed the secrets. */
    static SecretsManager of(AwsRun run) throws AwsUnavailableException {
        SecretsManager manager = new SecretsManager(run);
        String placed = run.access("identity");
        if (placed != null) assertSame(placed, manager.identity());
        return manager;
    }

    static void assertSame(String placed, String own) throws AwsUnavailableException {
        if (withoutSession(own).equals(withoutSession(placed))) return;
        throw new AwsUnavailableException("they were placed by " + placed + ", and this Nextflow is " + own + " to AWS");
    }

    /** An assumed role's name stays, and that of its session differs. */
    static String withoutSession(String arn) {
        return arn.replaceFirst("(:assumed-role/[^/]+)/.*$", "$1");
    }

    private String identity() throws AwsUnavailableException {
        String answer = send("sts", Map.of("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
            "Action=GetCallerIdentity&Version=2011-06-15");
        Matcher found = Pattern.compile("<Arn>([^<]+)</Arn>").matcher(answer);
        if (found.find()) return found.group(1);
        throw new AwsUnavailableException("AWS does not say who this Nextflow is to it");
    }

    /** The SecretString of a secret. */
    String read(String arn) throws AwsUnavailableException {
        String answer = send("secretsmanager",
            Map.of("content-type", "application/x-amz-json-1.1", "x-amz-target", "secretsmanager.GetSecretValue"),
            JsonOutput.toJson(Map.of("SecretId", arn)));
        if (new JsonSlurper().parseText(answer) instanceof Map<?, ?> map && map.get("SecretString") instanceof String text) return text;
        throw new AwsUnavailableException(arn + " holds no text");
    }

    private String send(String service, Map<String, String> headers, String body) throws AwsUnavailableException {
        String why = "";
        for (int attempt = 1; attempt <= TRIES; attempt++) {
            try {
                HttpResponse<String> response = http.send(request(service, headers, body), HttpResponse.BodyHandlers.ofString());
                if (response.statusCode() == 200) return response.body();
                why = service + " answers " + errorIn(response);
                if (response.statusCode() < 500 && !why.contains("Throttl")) break;
            } catch (IOException error) {
                why = service + " in " + region + " does not answer (" + error.getClass().getSimpleName() + ")";
            } catch (InterruptedException error) {
                Thread.currentThread().interrupt();
                throw new AwsUnavailableException("it was interrupted");
            }
            pause(attempt);
        }
        throw new AwsUnavailableException(why);
    }

    private static void pause(int attempt) throws AwsUnavailableException {
        try {
            Thread.sleep(200L << attempt);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new AwsUnavailableException("it was interrupted");
        }
    }

    private HttpRequest request(String service, Map<String, String> headers, String body) throws AwsUnavailableException {
        URI endpoint = Endpoint.of(service, region, run.access("endpoint"), "true".equals(run.access("fips")), System.getenv());
        AwsCredentials found;
        try {
            found = credentials.resolveCredentials();
        } catch (RuntimeException error) {
            throw new AwsUnavailableException("this Nextflow finds no AWS credentials (" + error.getMessage() + ")");
        }
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        HttpRequest.Builder builder = HttpRequest.newBuilder(endpoint).timeout(LIMIT);
        Signature.of(found, region, service, endpoint, new TreeMap<>(headers), bytes).forEach(builder::header);
        return builder.POST(HttpRequest.BodyPublishers.ofByteArray(bytes)).build();
    }

    /** The error's code and message; never the body as it is. */
    private static String errorIn(HttpResponse<String> response) {
        Matcher xml = Pattern.compile("<Code>([^<]+)</Code>").matcher(response.body());
        if (xml.find()) return response.statusCode() + " " + xml.group(1);
        Matcher json = Pattern.compile("\"__type\"\\s*:\\s*\"(?:[^\"#]*#)?([A-Za-z]+)\"").matcher(response.body());
        return response.statusCode() + (json.find() ? " " + json.group(1) : "");
    }
}
