import { createHmac, randomBytes } from 'node:crypto';
import type { Session } from '../../daemon/contract/types.ts';
import { exchange, type Exchanged, type Target } from './exchange.ts';
import type { Sandbox } from './sandbox.ts';

/** What `nf-escrow dashboard` prints. */
export interface Opened {
  readonly stdout: string;
  readonly link: string;
  readonly code: string;
  readonly port: number;
}

/** Runs `nf-escrow dashboard` and reads the link that it prints. */
export async function openDashboard(
  box: Sandbox,
  args: readonly string[] = ['--no-open'],
  env: Record<string, string> = {},
): Promise<Opened> {
  const { status, stdout, stderr } = await box.escrow(['dashboard', ...args], {
    env: { SSH_CONNECTION: '', DISPLAY: '', WAYLAND_DISPLAY: '', ...env },
  });
  if (status !== 0) throw new Error(stderr);
  const [link = '', port, code = ''] = /^http:\/\/[\w.]+:([0-9]+)\/#code=([\w-]{43})$/m.exec(stdout) ?? [];
  return { stdout, link, code, port: Number(port) };
}

/** Exchanges a code for a session, as the page does. */
export async function signIn(target: Target, code: string): Promise<Session> {
  const { status, text } = await exchange(target, 'POST', '/v1/sessions', {}, { code });
  if (status !== 201) throw new Error(text);
  return JSON.parse(text) as Session;
}

/** Asks for the proof of a session, and computes the expected one. */
export async function askForProof(
  target: Target,
  { id, token }: Pick<Session, 'id' | 'token'>,
  origin: string,
): Promise<Exchanged & { readonly expected: string }> {
  const nonce = randomBytes(32).toString('base64url');
  const key = createHmac('sha256', token).update('nf-escrow server proof').digest('base64url');
  const proof = createHmac('sha256', key).update(`${nonce}\n${origin}`).digest('base64url');
  const headers = { authorization: `Session ${id}` };
  const answer = await exchange(target, 'POST', '/v1/sessions/proof', headers, { nonce, origin });
  return { ...answer, expected: JSON.stringify({ proof }) };
}
