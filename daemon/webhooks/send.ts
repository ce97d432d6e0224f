import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { systemCode } from '../errors.ts';

const TIMEOUT_MS = 10_000;
const HEADERS_MAX = 16 * 1024;

/** A request to a receiver. */
interface Delivery {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

/**
 * Sends a webhook. Returns undefined if the receiver has accepted it with a 2xx status, else the reason. Does not follow
 * redirects, verifies certificates, and reads nothing of the response but its status.
 */
export async function send({ url, headers, body, signal }: Delivery): Promise<string | undefined> {
  const options = {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'user-agent': 'nf-escrow',
      ...headers,
    },
    agent: false,
    maxHeaderSize: HEADERS_MAX,
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  } as const;
  return new Promise((resolve) => {
    const outgoing =
      url.protocol === 'https:'
        ? requestHttps(url, { ...options, rejectUnauthorized: true })
        : requestHttp(url, options);
    outgoing.on('response', (response) => {
      const { statusCode: status = 0 } = response;
      response.on('error', () => undefined).destroy();
      resolve(status >= 200 && status < 300 ? undefined : `status ${String(status)}`);
    });
    outgoing.on('error', (error) => {
      resolve(
        error.name === 'TimeoutError' ? 'no response in time' : (systemCode(error) ?? 'connection lost'),
      );
    });
    outgoing.end(body);
  });
}
