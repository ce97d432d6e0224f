package nfescrow.aws;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import org.junit.jupiter.api.Test;

class EndpointTest {
    private static final String SECRETS = "secretsmanager";

    private static String of(String service, String named, Map<String, String> environment) throws AwsUnavailableException {
        return Endpoint.of(service, "eu-west-1", named, false, environment).toString();
    }

    @Test
    void defaultsToTheEndpointOfTheRegion() throws AwsUnavailableException {
        assertEquals("https://secretsmanager.eu-west-1.amazonaws.com/", of(SECRETS, null, Map.of()));
        assertEquals("https://sts-fips.cn-north-1.amazonaws.com.cn/", Endpoint.of("sts", "cn-north-1", null, true, Map.of()).toString());
    }

    @Test
    void prefersTheComputeEnvironmentToHttpsVariables() throws AwsUnavailableException {
        Map<String, String> environment = Map.of("AWS_ENDPOINT_URL", "https://all.example", "AWS_ENDPOINT_URL_STS", "https://sts.example:8443");
        assertEquals("https://named.example/", of(SECRETS, "https://named.example", environment));
        assertEquals("https://all.example/", of(SECRETS, null, environment));
        assertEquals("https://sts.example:8443/", of("sts", "https://named.example", environment));
    }

    @Test
    void rejectsPlainHttpFromVariables() {
        for (String address : new String[] {"http://proxy.example", "http://127.0.0.1:4566", "http://localhost", "ftp://x", "x y"})
            for (String named : new String[] {null, "https://named.example", "http://127.0.0.1:4567", "http://127.0.0.1:4566.example"})
                assertThrows(AwsUnavailableException.class, () -> of("sts", named, Map.of("AWS_ENDPOINT_URL", address)), address + " " + named);
        assertThrows(AwsUnavailableException.class, () -> of(SECRETS, "http://proxy.example", Map.of()));
        assertThrows(AwsUnavailableException.class, () -> of("sts", "http://proxy.example", Map.of("AWS_ENDPOINT_URL", "http://proxy.example")));
    }

    @Test
    void acceptsPlainHttpForALoopbackEndpointOfTheComputeEnvironment() throws AwsUnavailableException {
        String named = "http://127.0.0.1:4566";
        assertEquals(named + "/", of(SECRETS, named, Map.of()));
        assertEquals(named + "/", of("sts", named, Map.of("AWS_ENDPOINT_URL", named + "/")));
    }
}
