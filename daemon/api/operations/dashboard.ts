import { formatListenAddress } from '../../config/listen-address.ts';
import type { DashboardInput } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { readAuthorization } from '../listeners/authorization.ts';
import { operation, type Operation } from '../routing/operation.ts';
import type { Served } from '../served.ts';

/** Operations by which the web page gets access to the API. */
export const dashboardOperations: readonly Operation[] = [
  operation({
    id: 'openDashboard',
    method: 'post',
    path: '/v1/dashboard',
    summary: 'Open a listener for the web page and create a one-time code',
    description:
      'If a TCP listener is already open on another port than `port`, the daemon replaces it. The new listener has a new token.',
    request: 'dashboard-input',
    responses: { 201: 'dashboard' },
    problems: [
      'not-permitted',
      'address-unavailable',
      'permissions-too-open',
      'path-conflict',
      'socket-path-too-long',
    ],
    handle: async (served, { body }) => {
      const place = body.via === 'socket' ? await openSocket(served) : await openPort(served, body);
      const { code, expiresAt } = served.sessions.createCode();
      const created = { ...place, code, codeExpires: expiresAt.toISOString() };
      if (body.redirectFile !== true || !('url' in place)) return { status: 201, body: created };
      const { redirect } = served;
      redirect.write(`${place.url}#code=${code}`, expiresAt);
      return { status: 201, body: { ...created, redirectFile: redirect.path } };
    },
  }),
  operation({
    id: 'createSession',
    method: 'post',
    path: '/v1/sessions',
    summary: 'Exchange a one-time code for a session',
    access: 'public',
    request: 'session-input',
    responses: { 201: 'session' },
    problems: ['sign-in-code-invalid', 'permissions-too-open', 'path-conflict'],
    handle: ({ sessions, redirect }, { body }) => {
      const { id, token, expiresAt } = sessions.exchange(body.code);
      redirect.remove();
      return { status: 201, body: { id, token, expires: expiresAt.toISOString() } };
    },
  }),
  operation({
    id: 'proveServer',
    method: 'post',
    path: '/v1/sessions/proof',
    summary: 'Prove that this daemon created a session',
    description:
      'The page verifies the proof before it sends its token, because a program of another user may listen on the port after the daemon has stopped. The request contains the id of the session in the header `Authorization: Session ID`.',
    access: 'session',
    request: 'proof-request',
    responses: { 200: 'proof' },
    handle: ({ sessions }, { body: { nonce, origin }, headers }, response) => {
      assertOwnPort(origin, response.req.socket.localPort);
      const { session = '' } = readAuthorization(listOf(headers.authorization));
      const proof = sessions.prove(session, nonce, origin);
      if (proof === undefined) throw noSession();
      return { status: 200, body: { proof } };
    },
  }),
  operation({
    id: 'endSession',
    method: 'delete',
    path: '/v1/sessions/current',
    summary: 'End the session to which the token of the request belongs',
    responses: { 204: null },
    problems: ['permissions-too-open', 'path-conflict'],
    handle: ({ sessions }, { headers }) => {
      const { token = '' } = readAuthorization(listOf(headers.authorization));
      if (!sessions.end(token)) throw noSession();
      return { status: 204, body: undefined };
    },
  }),
];

async function openSocket({ pageSocket, sessions }: Served): Promise<{ readonly socket: string }> {
  await pageSocket.open();
  sessions.remember({ socket: true });
  return { socket: pageSocket.path };
}

async function openPort(
  { tcp, sessions }: Served,
  { port }: DashboardInput,
): Promise<{ readonly url: string }> {
  const open = tcp.address;
  if (open === undefined || (port !== undefined && port !== open.port))
    await tcp.listen({ host: open?.host ?? '127.0.0.1', port: port ?? 0 });
  const { address } = tcp;
  if (address === undefined)
    throw new EscrowError('address-unavailable', 'Cannot open the web page: the listener was closed.');
  sessions.remember({ address: formatListenAddress(address) });
  return { url: `http://${formatListenAddress(address)}/` };
}

const LOOPBACK = /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::([0-9]+))?$/i;

/**
 * Throws `origin-forbidden` if the origin is a port of this machine, but not the port that received the request: the server on
 * that port could relay the proof. Other origins belong to proxies, which forward from any port. The page socket has no port.
 */
function assertOwnPort(origin: string, localPort: number | undefined): void {
  const [found, port = '80'] = LOOPBACK.exec(origin) ?? [];
  if (found === undefined || localPort === undefined || Number(port) === localPort) return;
  throw new EscrowError(
    'origin-forbidden',
    `The page was loaded from port ${port}, but the request arrived on another port.`,
    {
      hint: 'Open the page with `nf-escrow dashboard`. To open it over SSH, run this command in the SSH session.',
    },
  );
}

function noSession(): EscrowError {
  return new EscrowError('unauthenticated', 'There is no such session.', {
    hint: 'Run `nf-escrow dashboard` and open the link that it prints.',
  });
}

function listOf(header: string | undefined): readonly string[] {
  return header === undefined ? [] : [header];
}
