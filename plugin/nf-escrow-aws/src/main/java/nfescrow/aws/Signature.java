package nfescrow.aws;

import java.io.ByteArrayInputStream;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;

/** Signs POST requests with the AWS SDK of nf-amazon (AWS Signature Version 4). */
final class Signature {
    private static final AwsV4HttpSigner SIGNER = AwsV4HttpSigner.create();

    private Signature() {}

    /** Returns the headers to send: the given ones and those of the signature. The HTTP client sets `Host`, and permits no other. */
    static Map<String, String> of(
            AwsCredentials credentials, String region, String service, URI endpoint, Map<String, String> headers, byte[] body) {
        SdkHttpRequest.Builder request = SdkHttpRequest.builder().method(SdkHttpMethod.POST).uri(endpoint);
        headers.forEach(request::putHeader);
        SdkHttpRequest signed = SIGNER.sign(sign -> sign.identity(credentials)
            .request(request.build())
            .payload(() -> new ByteArrayInputStream(body))
            .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, service)
            .putProperty(AwsV4HttpSigner.REGION_NAME, region)).request();
        Map<String, String> all = new LinkedHashMap<>();
        signed.forEachHeader((name, values) -> {
            if (!name.equalsIgnoreCase("host")) all.put(name, String.join(",", values));
        });
        return all;
    }
}
