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
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;

/**
 * A minimal client for the two requests of the head: its AWS identity, and the text of a secret. nf-amazon does not
 * include the Secrets Manager client of the SDK, and a client in this plugin would have to match the SDK version of
 * the installed nf-amazon. nf-amazon's SDK resolves the credentials and signs the requests. See docs/dependencies.md.
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
        // A role is assumed through a profile in an AWS configuration file of nf-escrow: daemon/aws/session/head-profile.ts.
        String profile = run.access("role") != null ? "nf-escrow" : run.access("profile");
        // A named profile has no fallback to environment variables or the instance role.
        this.credentials = profile == null ? DefaultCredentialsProvider.builder().build() : ProfileCredentialsProvider.create(profile);
    }

    /** Creates a client. Throws if the head's AWS identity differs from the one that created the secrets. */
    static SecretsManager of(AwsRun run) throws AwsUnavailableException {
        SecretsManager manager = new SecretsManager(run);
        String placed = run.access("identity");
        if (placed != null) assertSame(placed, manager.identity());
        return manager;
    }

    static void assertSame(String placed, String own) throws AwsUnavailableException {
        if (withoutSession(own).equals(withoutSession(placed))) return;
        throw new AwsUnavailableException("the secrets were created by " + placed + ", but Nextflow has the AWS identity " + own);
    }

    /** Removes the session name of an assumed role, which differs between sessions. */
    static String withoutSession(String arn) {
        return arn.replaceFirst("(:assumed-role/[^/]+)/.*$", "$1");
    }

    private String identity() throws AwsUnavailableException {
        String answer = send("sts", Map.of("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
            "Action=GetCallerIdentity&Version=2011-06-15");
        Matcher found = Pattern.compile("<Arn>([^<]+)</Arn>").matcher(answer);
        if (found.find()) return found.group(1);
        throw new AwsUnavailableException("AWS did not return the caller identity");
    }

    /** Returns the SecretString of a secret. */
    String read(String arn) throws AwsUnavailableException {
        String answer = send("secretsmanager",
            Map.of("content-type", "application/x-amz-json-1.1", "x-amz-target", "secretsmanager.GetSecretValue"),
            JsonOutput.toJson(Map.of("SecretId", arn)));
        if (new JsonSlurper().parseText(answer) instanceof Map<?, ?> map && map.get("SecretString") instanceof String text) return text;
        throw new AwsUnavailableException(arn + " has no SecretString");
    }

    private String send(String service, Map<String, String> headers, String body) throws AwsUnavailableException {
        String why = "";
        for (int attempt = 1; attempt <= TRIES; attempt++) {
            try {
                HttpResponse<String> response = http.send(request(service, headers, body), HttpResponse.BodyHandlers.ofString());
                if (response.statusCode() == 200) return response.body();
                why = service + " answered " + errorIn(response);
                if (response.statusCode() < 500 && !why.contains("Throttl")) break;
            } catch (IOException error) {
                why = service + " in " + region + " did not answer (" + error.getClass().getSimpleName() + ")";
            } catch (InterruptedException error) {
                Thread.currentThread().interrupt();
                throw new AwsUnavailableException("the request was interrupted");
            }
            if (attempt < TRIES) pause(attempt);
        }
        throw new AwsUnavailableException(why);
    }

    /** Waits with exponential backoff. */
    private static void pause(int attempt) throws AwsUnavailableException {
        try {
            long longest = 200L << attempt; // with jitter: many heads may start at the same time
            Thread.sleep(ThreadLocalRandom.current().nextLong(longest / 2, longest));
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new AwsUnavailableException("the request was interrupted");
        }
    }

    private HttpRequest request(String service, Map<String, String> headers, String body) throws AwsUnavailableException {
        URI endpoint = Endpoint.of(service, region, run.access("endpoint"), "true".equals(run.access("fips")), System.getenv());
        AwsCredentials found;
        try {
            found = credentials.resolveCredentials();
        } catch (RuntimeException error) {
            throw new AwsUnavailableException("no AWS credentials found (" + error.getMessage() + ")");
        }
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        HttpRequest.Builder builder = HttpRequest.newBuilder(endpoint).timeout(LIMIT);
        Signature.of(found, region, service, endpoint, headers, bytes).forEach(builder::header);
        return builder.POST(HttpRequest.BodyPublishers.ofByteArray(bytes)).build();
    }

    /** Returns HTTP status and error code; never the body, which is untrusted. */
    private static String errorIn(HttpResponse<String> response) {
        Matcher xml = Pattern.compile("<Code>([^<]+)</Code>").matcher(response.body());
        if (xml.find()) return response.statusCode() + " " + xml.group(1);
        Matcher json = Pattern.compile("\"__type\"\\s*:\\s*\"(?:[^\"#]*#)?([A-Za-z]+)\"").matcher(response.body());
        return response.statusCode() + (json.find() ? " " + json.group(1) : "");
    }
}
