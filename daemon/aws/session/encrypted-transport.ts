import type { STSClient, STSClientConfig } from '@aws-sdk/client-sts';
import { EscrowError } from '../../errors.ts';
import type { AwsAccess } from './access.ts';
import { sdk } from './sdk.ts';

/** What of an HTTP request says where it goes. */
interface Destination {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
}

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/**
 * Throws `compute-environment-invalid` unless a request is encrypted. AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_<SERVICE> and
 * `endpoint_url` of the AWS configuration lead the SDK anywhere, also those of the command that happened to start the
 * daemon. They count where they are HTTPS. Plain HTTP reaches one address only: the endpoint that the compute environment
 * names, on loopback.
 */
export function assertEncrypted(to: Destination, { endpoint }: Pick<AwsAccess, 'endpoint'>): void {
  if (to.protocol === 'https:') return;
  const isOnLoopback = to.protocol === 'http:' && LOOPBACK.includes(to.hostname);
  if (isOnLoopback && endpoint !== null && isSame(to, endpoint)) return;
  const address = `${to.protocol}//${to.hostname}${to.port === undefined ? '' : `:${String(to.port)}`}`;
  throw new EscrowError(
    'compute-environment-invalid',
    `Cannot send a request to AWS at ${address}: it is not encrypted. The address comes from AWS_ENDPOINT_URL or endpoint_url.`,
    {
      hint: 'Unset it, or set one that is https. The daemon keeps those that it was started with: nf-escrow daemon stop. An emulator of AWS on this machine is named by the compute environment: nf-escrow compute-envs update NAME --endpoint URL',
    },
  );
}

/** Of an address that somebody wrote; one that is none leads nowhere. */
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

/**
 * What sends the requests of one client of the SDK, and refuses those that are not encrypted: after everything that
 * decides where a request goes, and before it leaves. Also for the clients that the SDK makes by itself to resolve
 * credentials (STS, SSO, sign-in). The SDK's own handler does the sending; no package that we depend on exports its class.
 */
export function encryptedTransport(
  access: Pick<AwsAccess, 'region' | 'endpoint'>,
  timeouts: STSClientConfig['requestHandler'] = {},
): STSClient['config']['requestHandler'] {
  const { STSClient } = sdk('@aws-sdk/client-sts');
  const handler = new STSClient({ region: access.region, requestHandler: timeouts }).config.requestHandler;
  const send = handler.handle.bind(handler);
  handler.handle = async (request: Destination, options?: object) => {
    assertEncrypted(request, access);
    return send(request, options);
  };
  return handler;
}
