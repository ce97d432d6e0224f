import type { Proof, Session } from '../../daemon/contract/types.ts';
import { url } from '../api/url.ts';
import { hmac, toBase64Url } from './encoding.ts';

/** How long a proof is valid: requests that start at the same time share one. */
const VALID_MS = 100;
const LABEL = 'nf-escrow server proof';

/** The result of a challenge. */
export type Challenge = 'proven' | 'untrusted' | 'unknown-session' | 'unreachable';

let last: { readonly session: string; readonly result: Promise<Challenge>; readonly at: number } | undefined;

/**
 * Challenges the server to prove that it is the daemon of the session. Precedes each request with the token: after a restart,
 * another user of the machine may listen on the port.
 */
export function proveServer(session: Session): Promise<Challenge> {
  const now = performance.now();
  if (last?.session === session.id && now - last.at < VALID_MS) return last.result;
  last = { session: session.id, result: challenge(session), at: now };
  return last.result;
}

async function challenge({ id, token }: Session): Promise<Challenge> {
  const nonce = toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
  const { origin } = location;
  try {
    const response = await fetch(url('v1/sessions/proof'), {
      method: 'POST',
      headers: { authorization: `Session ${id}`, 'content-type': 'application/json' },
      body: JSON.stringify({ nonce, origin }),
      signal: AbortSignal.timeout(10_000),
    });
    if (response.status === 401) return 'unknown-session';
    if (response.status === 429 || response.status >= 500) return 'unreachable';
    const { proof } = (await response.json()) as Partial<Proof>;
    const expected = await hmac(await hmac(token, LABEL), `${nonce}\n${origin}`);
    return proof === expected ? 'proven' : 'untrusted';
  } catch (error) {
    return error instanceof SyntaxError ? 'untrusted' : 'unreachable';
  }
}
