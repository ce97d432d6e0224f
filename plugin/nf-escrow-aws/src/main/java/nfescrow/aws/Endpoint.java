package nfescrow.aws;

import java.net.URI;
import java.util.Map;
import java.util.Set;

/**
 * Determines the endpoint of an AWS service, in the order of the AWS SDKs: the endpoint of the compute environment
 * (Secrets Manager only), then the environment variables, then the region's default. As in
 * daemon/aws/session/encrypted-transport.ts, a variable must use HTTPS, and plain HTTP is accepted only for a
 * loopback endpoint of the compute environment.
 */
final class Endpoint {
    private static final Set<String> LOOPBACK = Set.of("127.0.0.1", "localhost", "[::1]");

    private Endpoint() {}

    static URI of(String service, String region, String named, boolean fips, Map<String, String> environment) throws AwsUnavailableException {
        boolean isSecrets = service.equals("secretsmanager");
        String variable = isSecrets ? "AWS_ENDPOINT_URL_SECRETS_MANAGER" : "AWS_ENDPOINT_URL_STS";
        String[] candidates = {isSecrets ? named : null, environment.get(variable), environment.get("AWS_ENDPOINT_URL")};
        for (String candidate : candidates)
            if (candidate != null && !candidate.isEmpty()) return encrypted(candidate, named);
        String suffix = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
        return URI.create("https://" + service + (fips ? "-fips" : "") + "." + region + "." + suffix + "/");
    }

    private static URI encrypted(String address, String named) throws AwsUnavailableException {
        URI uri = parse(address);
        if ("https".equals(uri.getScheme())) return uri;
        if (named != null && "http".equals(uri.getScheme()) && LOOPBACK.contains(String.valueOf(uri.getHost())) && uri.equals(parse(named))) return uri;
        throw new AwsUnavailableException("the connection to AWS at " + address + " is not encrypted; unset AWS_ENDPOINT_URL or use an https address");
    }

    private static URI parse(String address) throws AwsUnavailableException {
        try {
            return URI.create(address.replaceFirst("/*$", "/"));
        } catch (IllegalArgumentException error) {
            throw new AwsUnavailableException("\"" + address + "\" is not a valid endpoint URL");
        }
    }
}
