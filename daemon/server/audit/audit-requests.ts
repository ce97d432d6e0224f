import type { ErrorRequestHandler, Request } from 'express';
import { denialOf, type Denial } from '../../access/denial.ts';
import { SERVER_PLACE } from '../../access/places.ts';
import type { Principal, TeamPrincipal } from '../../access/principal.ts';
import { EscrowError, type ErrorCode } from '../../errors.ts';
import { requestOrigin } from '../../ledger/request-origin.ts';
import { networkOf } from '../proxies/ip-address.ts';
import { clientOf } from '../proxies/client-of-request.ts';
import { ADDRESS, CoalescedEvents } from './coalesced-events.ts';

/** Reads and uses of tokens are routine: one event in an hour says that they happened, another one how often. */
const ROUTINE = { windowMs: 3_600_000, ownMax: 1000 };
/** What an event quotes of an object. The sender of a request chooses its length. */
const OBJECT_MAX = 200;

/** Errors of links, codes and providers. The event never contains the link or the code. */
const OF_SIGN_IN: readonly ErrorCode[] = [
  'sign-in-failed',
  'sign-in-link-invalid',
  'sign-in-not-recent',
  'invitation-invalid',
  'invitation-for-other-address',
  'user-code-invalid',
  'csrf-token-invalid',
];

/** Events of the audit log that requests cause without changing anything. */
export class RequestAudit {
  readonly #denied: CoalescedEvents;
  readonly #routine: CoalescedEvents;

  constructor(options: ConstructorParameters<typeof CoalescedEvents>[0]) {
    this.#denied = new CoalescedEvents(options);
    this.#routine = new CoalescedEvents({ ...ROUTINE, ...options });
  }

  start(): void {
    this.#denied.start();
    this.#routine.start();
  }

  /** Records what was counted. */
  async stop(): Promise<void> {
    await this.#denied.stop();
    await this.#routine.stop();
  }

  /** Records that a token is used, once an hour for each network. */
  async noteToken({ user, token }: TeamPrincipal, address: string | undefined): Promise<void> {
    if (token === undefined) return;
    const data = { token: token.id, network: address === undefined ? null : networkOf(address) };
    await this.#routine.note({ type: 'token.used', by: user, data, place: SERVER_PLACE });
  }

  /** Records that a principal reads names of secrets, once an hour for each workspace. `workspace`: undefined for a search. */
  readonly noteNames = async (by: Principal, workspace: string | undefined): Promise<void> => {
    const type = 'secret.names-read';
    if (workspace === undefined) await this.#routine.note({ type, by: by.user, place: SERVER_PLACE });
    else await this.#routine.note({ type, by: by.user, data: { workspace } });
  };

  /** Records denied requests and wrong tokens. It passes the error on. */
  readonly denials: ErrorRequestHandler = async (error: unknown, request, _response, next) => {
    await this.noteDenial(error, request);
    next(error);
  };

  /** Records the error of a request, if the request was denied. */
  async noteDenial(error: unknown, request: Request): Promise<void> {
    const denial = denialOf(error);
    if (denial !== undefined) {
      await this.#denied.note(eventOf(denial));
      return;
    }
    if (!(error instanceof EscrowError)) return;
    const { code } = error;
    const event = { by: networkIn(request), place: SERVER_PLACE };
    if (code === 'unauthenticated' && hasToken(request))
      await this.#denied.note({ type: 'access.denied', ...event });
    else if (OF_SIGN_IN.includes(code))
      await this.#denied.note({ type: 'sign-in.denied', ...event, data: { code } });
  }
}

/** Returns who sends a request without a principal. */
function networkIn(request: Request): string {
  return `${ADDRESS}${networkOf(clientOf(request).address ?? 'unknown')}`;
}

function hasToken({
  headers,
}: {
  readonly headers: { readonly authorization?: string | undefined };
}): boolean {
  return headers.authorization !== undefined;
}

/**
 * The event of a denial. It is visible to those who administer the object that the request names, and not to its sender, so that
 * it does not show whether the object exists.
 */
function eventOf({ by, permission, place }: Denial): Parameters<CoalescedEvents['note']>[0] {
  const event = { type: 'access.denied', by };
  if (place === undefined) return { ...event, data: { permission }, place: SERVER_PLACE };
  if (typeof place === 'string')
    return { ...event, data: { permission, object: place }, place: SERVER_PLACE };
  if ('workspace' in place) {
    const workspace = quote(place.workspace);
    return { ...event, data: { permission, workspace }, place: workspace };
  }
  const organization = quote(place.organization);
  return { ...event, data: { permission, organization }, place: organization };
}

/** PostgreSQL stores no NUL. */
function quote(name: string): string {
  return name.slice(0, OBJECT_MAX).replaceAll(/\p{Cc}/gu, '\ufffd');
}

/** Records the token or the session of the request that is being handled. */
export function identifyCredential(by: TeamPrincipal): void {
  const origin = requestOrigin.getStore();
  if (origin === undefined) return;
  origin.token = by.token?.id ?? null;
  origin.session = by.kind === 'user' ? (by.session?.id ?? null) : null;
}
