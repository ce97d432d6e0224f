import type { STSClient, STSClientConfig } from '@aws-sdk/client-sts';
import { EscrowError } from '../../errors.ts';
import type { AwsAccess } from './access.ts';
import { sdk } from './sdk.ts';

/** Destination of an HTTP request. */
interface Destination {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
}

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/**
 * Throws `compute-environment-invalid` unless a request is encrypted. AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_<SERVICE> and
 * `endpoint_url` of the AWS configuration can send the SDK to any address, and the daemon inherits the variables of the
 * command that started it. They are accepted if they use HTTPS. Plain HTTP is accepted for one address only: a loopback
 * endpoint that the compute environment names.
 */
export function assertEncrypted(to: Destination, { endpoint }: Pick<AwsAccess, 'endpoint'>): void {
  if (to.protocol === 'https:') return;
  const isOnLoopback = to.protocol === 'http:' && LOOPBACK.includes(to.hostname);
  if (isOnLoopback && endpoint !== null && isSame(to, endpoint)) return;
  const address = `${to.protocol}//${to.hostname}${to.port === undefined ? '' : `:${String(to.port)}`}`;
  throw new EscrowError(
    'compute-environment-invalid',
    `Cannot send a request to AWS at ${address}: the connection is not encrypted. The address comes from AWS_ENDPOINT_URL or endpoint_url.`,
    {
      hint: 'Unset it or use an https address, then run nf-escrow daemon stop: a running daemon keeps the variables it was started with. For an AWS emulator on this machine, run nf-escrow compute-envs update NAME --endpoint URL.',
    },
  );
}

/** Returns the destination of a URL. For an invalid URL, returns one that assertEncrypted rejects. */
export function destinationOf(address: string): Destination {
  if (!URL.canParse(address)) return { protocol: 'none:', hostname: address };
  const { protocol, hostname, port } = new URL(address);
  return { protocol, hostname, port: port === '' ? undefined : Number(port) };
}

function isSame(to: Destination, endpoint: string): boolean {
  const named = destinationOf(endpoint);
  const [one, other] = [to, named].map(({ port, protocol }) => port ?? DEFAULT_PORTS[protocol]);
  return to.protocol === named.protocol && to.hostname === named.hostname && one === other;
}

/** Timeouts for connecting and for an answer, in milliseconds. The SDK's default is to wait forever for an answer. */
const TIMEOUTS = { connectionTimeout: 5000, requestTimeout: 15_000, throwOnRequestTimeout: true };

/**
 * Returns a request handler for one SDK client that rejects requests that are not encrypted. It runs after everything
 * that decides the destination, and before the request is sent. The clients that the SDK creates to resolve
 * credentials (STS, SSO, sign-in) use it too. It wraps the SDK's default handler, taken from a client because no
 * package that we depend on exports its class.
 */
export async function encryptedTransport(
  access: Pick<AwsAccess, 'region' | 'endpoint'>,
  timeouts: STSClientConfig['requestHandler'] = TIMEOUTS,
): Promise<STSClient['config']['requestHandler']> {
  const { STSClient } = await sdk('@aws-sdk/client-sts');
  const handler = new STSClient({ region: access.region, requestHandler: timeouts }).config.requestHandler;
  const send = handler.handle.bind(handler);
  handler.handle = async (request: Destination, options?: object) => {
    assertEncrypted(request, access);
    return send(request, options);
  };
  return handler;
}
