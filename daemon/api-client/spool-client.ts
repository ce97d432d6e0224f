import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Paths } from '../config/paths.ts';
import { EscrowError } from '../errors.ts';
import { writeFileAtomic } from '../system/files/atomic-write.ts';
import { openPrivateDirectory } from '../system/files/private-directory.ts';
import type { VerifiedDirectory } from '../system/files/trust/verified-directory.ts';
import { readFileNoFollow } from '../system/files/read-regular-file.ts';
import { errorOf, type Client, type Method, type RequestHeaders } from './client.ts';
import { assertTravels } from './spool-routes.ts';

/** A request to a daemon on another host, in the file `ID.request`. */
export interface SpooledRequest {
  readonly method: Method;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: RequestHeaders;
}

/** The response, in the file `ID.answer`. */
export interface SpooledAnswer {
  readonly status: number;
  readonly body: unknown;
}

const TIMEOUT_MS = 60_000;
const POLL_MS = 100;

/**
 * Returns a client for a daemon on another host. Requests and responses are files in `spool/` of the shared state
 * directory, written atomically. Supports only the routes in spool-routes.ts.
 */
export function spoolClient({ spool }: Paths, host: string): Client {
  return {
    call: async <T>(method: Method, path: string, body?: unknown, headers?: RequestHeaders): Promise<T> => {
      assertTravels(method, path, body, host); // before anything is written
      const directory = openPrivateDirectory(spool, { create: true });
      const id = randomBytes(12).toString('hex');
      const spooled: SpooledRequest = {
        method,
        path,
        ...(body === undefined ? {} : { body }),
        ...(headers === undefined ? {} : { headers }),
      };
      try {
        writeFileAtomic(directory.at(`${id}.request`), JSON.stringify(spooled));
        const answer = await waitFor(directory, `${id}.answer`);
        if (answer === undefined)
          throw new EscrowError('daemon-on-other-host', `The daemon on ${host} did not answer within 60 s.`, {
            hint: `Run \`nf-escrow daemon status\` on ${host}.`,
          });
        if (answer.status >= 400) throw errorOf(answer.body);
        return answer.body as T;
      } finally {
        for (const kind of ['request', 'answer']) rmSync(directory.at(`${id}.${kind}`), { force: true });
        directory.close();
      }
    },
  };
}

/** Lists the directory each time: it makes a network file system ask its server instead of the local cache. */
async function waitFor(directory: VerifiedDirectory, name: string): Promise<SpooledAnswer | undefined> {
  const deadline = performance.now() + TIMEOUT_MS;
  while (performance.now() < deadline) {
    if (readdirSync(directory.self).includes(name)) {
      const text = readFileNoFollow(directory.at(name))?.toString('utf8');
      if (text !== undefined) return JSON.parse(text) as SpooledAnswer;
    }
    await sleep(POLL_MS);
  }
  return undefined;
}
