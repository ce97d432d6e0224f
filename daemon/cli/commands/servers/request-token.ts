import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { isTokenText } from '../../../access/tokens/token-format.ts';
import { connectServer, type ServerClient } from '../../../api-client/https/server-client.ts';
import { EscrowError, type ErrorCode } from '../../../errors.ts';
import { printNote } from '../../io/output.ts';
import { readAuthorization, type Authorization } from './read-authorization.ts';

const TIMEOUT_MS = 30_000;
/** A server may send anything. */
const TOTAL_MAX = 8 * 1024 * 1024;
const STEP_SECONDS = 5;
/** The server restarts, or the connection was lost. */
const TEMPORARY: readonly ErrorCode[] = ['server-unreachable', 'not-ready', 'too-many-requests'];
const HOST_MAX = 100;
/** As other programs after Ctrl-C: 128 and the number of the signal. */
const INTERRUPTED = 130;

/**
 * Gets a token from a server without a browser on this host, as in RFC 8628: prints an address and a code, which the user types there,
 * and asks the server until the user has approved. Throws `access-denied`, `expired-token`, and the errors of the client.
 */
export async function requestToken(
  url: URL,
  caFile: string | null,
  scopes: readonly string[] | undefined,
): Promise<string> {
  const client = connectServer({
    ...{ url, timeoutMs: TIMEOUT_MS, totalMax: TOTAL_MAX },
    ...(caFile === null ? {} : { caFile }),
  });
  try {
    const body = { hostName: ownHostName(), ...(scopes === undefined ? {} : { scopes }) };
    const answer = await client.call<unknown>('POST', '/v1/device-authorizations', body);
    const login = readAuthorization(answer, url);
    printNote('Open this address in a browser, on any computer:');
    printNote(`  ${login.verificationUri}`);
    printNote('Sign in there, and type this code:');
    printNote(`  ${login.userCode}`);
    printNote('Waiting for your approval. Press Ctrl-C to cancel.');
    return await withInterrupt(client, login);
  } finally {
    client.close();
  }
}

/** After Ctrl-C, the code is void, so that nobody can approve a login that nobody waits for. */
async function withInterrupt(client: ServerClient, login: Authorization): Promise<string> {
  const interrupted = new AbortController();
  const interrupt = (): void => {
    interrupted.abort();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    return await poll(client, login, interrupted.signal);
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    const body = { deviceCode: login.deviceCode };
    await client.call('POST', '/v1/device-authorizations/cancel', body).catch(() => undefined); // it expires
    printNote('Cancelled. You are not signed in.');
    process.exit(INTERRUPTED);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

async function poll(
  client: ServerClient,
  { deviceCode, interval, expiresIn }: Authorization,
  signal: AbortSignal,
): Promise<string> {
  const deadline = performance.now() + expiresIn * 1000;
  let seconds = interval;
  for (;;) {
    await sleep(seconds * 1000, undefined, { signal });
    const answer = await ask(client, deviceCode);
    signal.throwIfAborted();
    if (!(answer instanceof EscrowError)) return readToken(answer);
    if (performance.now() > deadline) throw answer;
    if (answer.code === 'slow-down') seconds += STEP_SECONDS;
    // Not an answer: RFC 8628, section 3.5.
    else if (TEMPORARY.includes(answer.code)) seconds *= 2;
    else if (answer.code !== 'authorization-pending') throw answer;
  }
}

async function ask(client: ServerClient, deviceCode: string): Promise<unknown> {
  try {
    return await client.call<unknown>('POST', '/v1/device-tokens', { deviceCode });
  } catch (error) {
    if (error instanceof EscrowError) return error;
    throw error;
  }
}

/** A server may send anything. */
function readToken(answer: unknown): string {
  const text = typeof answer === 'object' && answer !== null && 'text' in answer ? answer.text : undefined;
  if (typeof text === 'string' && isTokenText(text)) return text;
  throw new EscrowError(
    'server-unreachable',
    'Cannot read the token: the response of the server has an unexpected format.',
  );
}

/** The name that the approval shows. The server accepts visible ASCII only. */
function ownHostName(): string {
  return (
    hostname()
      .replaceAll(/[^!-~]/g, '')
      .slice(0, HOST_MAX) || 'unknown'
  );
}
