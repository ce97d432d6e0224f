import type { IncomingMessage } from 'node:http';
import { errorOf } from './client.ts';
import { openStream } from './open-stream.ts';

const ERROR_MAX = 64 * 1024;
const NOT_SATISFIABLE = 416;
const REDACTIONS = ['complete', 'partial', 'none'] as const;

/** A part of the log of a run, from a position to the current end. */
export interface ReceivedLog {
  readonly redaction: (typeof REDACTIONS)[number];
  readonly chunks: AsyncIterable<Buffer>;
}

/**
 * Requests the log of a run from a position on. Returns undefined if no daemon listens on one of the sockets. Throws the error
 * of a problem document.
 */
export async function readLog(
  sockets: readonly string[],
  run: string,
  position: number,
): Promise<ReceivedLog | undefined> {
  const path = `/v1/runs/${encodeURIComponent(run)}/log`;
  const wanted = { range: `bytes=${String(position)}-`, connection: 'close' };
  for (const socket of sockets) {
    const response = await openStream(socket, path, wanted);
    if (response === undefined) continue;
    const { statusCode = 0, headers } = response;
    const redaction = REDACTIONS.find((known) => known === headers['nf-escrow-redaction']) ?? 'none';
    if (statusCode === 206) return { redaction, chunks: response as AsyncIterable<Buffer> };
    const text = await textOf(response);
    if (statusCode === NOT_SATISFIABLE) return { redaction, chunks: none() };
    throw errorOf(parse(text));
  }
  return undefined;
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response as AsyncIterable<Buffer>)
    if (text.length < ERROR_MAX) text += chunk.toString('utf8');
  return text;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function* none(): AsyncGenerator<Buffer> {
  // nothing to yield
}
