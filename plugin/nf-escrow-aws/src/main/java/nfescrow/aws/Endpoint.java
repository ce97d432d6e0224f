package nfescrow.aws;

import java.net.URI;
import java.util.Map;
import java.util.Set;

/**
 * Where a service of AWS is reached, as the AWS SDKs decide: what the compute environment names (Secrets Manager only), then
 * the variables, then the region's own. The same rule as daemon/aws/session/encrypted-transport.ts: a variable counts where it
 * is HTTPS, and plain HTTP reaches only the endpoint that the compute environment names, on loopback.
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
        throw new AwsUnavailableException("AWS at " + address + " cannot be reached without encryption: unset AWS_ENDPOINT_URL, or set one that is https");
    }

    private static URI parse(String address) throws AwsUnavailableException {
        try {
            return URI.create(address.replaceFirst("/*$", "/"));
        } catch (IllegalArgumentException error) {
            throw new AwsUnavailableException("\"" + address + "\" is no address of AWS");
        }
    }
}
