import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import { EscrowError } from '../errors.ts';
import type { RunLog } from '../runs/records/run-log.ts';
import type { Runs } from '../runs/runs.ts';
import { readRange, type ByteRange } from './byte-range.ts';
import { STREAMED, type Streamed } from './routing/operation.ts';

/**
 * Sends the redacted output of a detached run, or Nextflow's redacted log of another run, or the requested range of it. Throws
 * `log-not-found`, `range-not-satisfiable`.
 */
export async function streamLog(
  runs: Pick<Runs, 'withLog'>,
  wanted: string,
  headers: { readonly range?: string | undefined; readonly 'if-range'?: unknown },
  response: Response,
): Promise<Streamed> {
  return runs.withLog<Streamed>(wanted, async (log) => {
    const { size, redaction } = log;
    // There is no entity tag that If-Range could match.
    const range = headers['if-range'] === undefined ? readRange(headers.range, size) : 'whole';
    response.set({
      'Accept-Ranges': 'bytes',
      'Cache-Control': 'no-store',
      'NF-Escrow-Redaction': redaction,
    });
    if (range === 'unsatisfiable') {
      response.set('Content-Range', `bytes */${String(size)}`);
      throw new EscrowError(
        'range-not-satisfiable',
        `Cannot send the range of the log of run ${log.run}: the log has ${String(size)} bytes.`,
      );
    }
    const { first, last } = range === 'whole' ? { first: 0, last: size - 1 } : range;
    if (range !== 'whole')
      response.status(206).set('Content-Range', `bytes ${String(first)}-${String(last)}/${String(size)}`);
    response.type('text/plain').set('Content-Length', String(last - first + 1));
    await send(log, { first, last }, response);
    return STREAMED;
  });
}

async function send(log: RunLog, { first, last }: ByteRange, response: Response): Promise<void> {
  if (last < first || response.req.method === 'HEAD') {
    response.end();
    return;
  }
  try {
    await pipeline(Readable.from(log.read(first, last)), response);
  } catch {
    response.destroy(); // the client has disconnected, or the file cannot be read
  }
}
