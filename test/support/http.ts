import { connect } from 'node:net';
import { request, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import type { Problem } from '../../daemon/contract/types.ts';

/** A whole response of the API. */
export interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** Sends a request and returns the response. */
export function send(options: RequestOptions, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(options, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      incoming.on('error', reject); // the daemon was killed during the response
      incoming.on('end', () => {
        const { statusCode: status = 0, headers } = incoming;
        resolve({ status, headers, type: headers['content-type'] ?? '', text });
      });
    });
    outgoing.on('error', reject).end(body);
  });
}

/** Returns whether a server accepts connections at a socket, which may exist before and after that. */
export function isListening(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socketPath);
    connection.on('connect', () => {
      resolve(true);
      connection.destroy();
    });
    connection.on('error', () => {
      resolve(false);
    });
  });
}

/** Returns the code of a problem document. */
export function codeOf({ text }: Pick<Answer, 'text'>): string {
  return (JSON.parse(text) as Problem).code;
}
