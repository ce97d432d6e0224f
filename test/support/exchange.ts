import { request, type IncomingHttpHeaders } from 'node:http';

/** Where a request is sent: a port on loopback, or a socket. */
export type Target = { readonly port: number } | { readonly socketPath: string };

/** A response. */
export interface Exchanged {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
}

/** Sends a request with a path as it is, which `fetch` would normalize. */
export async function exchange(
  target: Target,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: object,
): Promise<Exchanged> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const type: Record<string, string> = text === undefined ? {} : { 'content-type': 'application/json' };
  const place =
    'port' in target ? { host: '127.0.0.1', port: target.port } : { ...target, host: 'localhost' };
  return new Promise((resolve, reject) => {
    request({ ...place, method, path, headers: { ...type, ...headers }, agent: false }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject).on('end', () => {
        const bytes = Buffer.concat(chunks);
        const { statusCode: status = 0, headers: received } = incoming;
        resolve({ status, headers: received, bytes, text: bytes.toString('utf8') });
      });
    })
      .on('error', reject)
      .end(text);
  });
}
