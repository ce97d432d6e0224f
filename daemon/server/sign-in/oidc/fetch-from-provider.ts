import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';

const TIMEOUT_MS = 10_000;
const BODY_MAX = 1024 * 1024;

/** The part of a request that the client of the provider sends. */
interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/**
 * Returns a function like `fetch` for one provider: only HTTPS, with the certificate authorities of the settings, without redirects,
 * which could lead to a host of the internal network, and with limits of time and size.
 */
export function fetchFromProvider(ca: Buffer | undefined): (url: string, options: Sent) => Promise<Response> {
  const agent = new Agent({
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    ...(ca === undefined ? {} : { ca }),
  });
  return (url, { method = 'GET', headers = {}, body }) =>
    new Promise((resolve, reject) => {
      const text =
        body instanceof URLSearchParams ? body.toString() : typeof body === 'string' ? body : undefined;
      const target = new URL(url);
      if (target.protocol !== 'https:') {
        reject(new Error('the address of the provider does not start with https://'));
        return;
      }
      const length = text === undefined ? {} : { 'content-length': String(Buffer.byteLength(text)) };
      const outgoing = request(target, { agent, method, headers: { ...headers, ...length } }, (incoming) => {
        readBody(incoming).then((bytes) => {
          resolve(responseOf(incoming, bytes));
        }, fail);
      });
      const timer = setTimeout(() => {
        outgoing.destroy(new Error('the provider does not answer in time'));
      }, TIMEOUT_MS);
      const fail = (error: unknown): void => {
        outgoing.destroy();
        reject(error instanceof Error ? error : new Error('the request failed'));
      };
      outgoing.on('error', fail).on('close', () => {
        clearTimeout(timer);
      });
      outgoing.end(text);
    });
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_MAX) throw new Error('the response of the provider is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Statuses whose responses have no body. https://fetch.spec.whatwg.org/#null-body-status */
const WITHOUT_BODY = [101, 103, 204, 205, 304];

function responseOf({ statusCode: status = 500, headers }: IncomingMessage, bytes: Buffer): Response {
  const listed = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value] as [string, string]],
  );
  return new Response(WITHOUT_BODY.includes(status) ? null : new Uint8Array(bytes), {
    status,
    headers: listed,
  });
}
