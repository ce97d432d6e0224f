import type { TokenScope } from '../contract/types.ts';
import { ownAccount } from '../system/processes/own-account.ts';

/** The account that sends a request. `user` is the name that the journal records. */
export type Principal = MachineUser | TeamPrincipal;

/** A principal of a team server, whose permissions the ledger decides. */
export type TeamPrincipal = User | ServiceAccount;

/**
 * The user of a daemon, who owns all its objects. Only that user (and root) can connect to the daemon's socket, because its
 * directory has mode 0700.
 */
export interface MachineUser {
  readonly kind: 'machine';
  readonly user: string;
  readonly uid: number;
}

/** A person with an account on a team server. */
export interface User {
  readonly kind: 'user';
  readonly id: string;
  readonly user: string;
  /** The token of the request. Undefined for a session of the person. */
  readonly token?: TokenGrant;
  /** The session of the request, which permits everything that the roles of the person permit. */
  readonly session?: SessionGrant;
}

/** An account of an organization for programs. It has no sessions, and its scope contains no secrets. */
export interface ServiceAccount {
  readonly kind: 'service-account';
  readonly id: string;
  readonly user: string;
  readonly organizationId: string;
  readonly token: TokenGrant;
}

/** The session of a request. */
export interface SessionGrant {
  readonly id: string;
  /** Time without requests after which it ends. */
  readonly idleSeconds: number;
}

/** What a token permits its principal. */
export interface TokenGrant {
  readonly id: string;
  readonly scopes: readonly TokenScope[];
  /** The id of the only workspace that it gives access to; null: all workspaces of its principal. */
  readonly workspaceId: string | null;
}

/** The prefix of a service account in the names of members. User names contain no colon. */
export const SERVICE_ACCOUNT = 'service-account:';

/** Returns the user that runs this process. */
export function machineUser(): MachineUser {
  const { username, uid } = ownAccount();
  return Object.freeze({ kind: 'machine', user: username, uid });
}

/**
 * Returns a text that identifies a principal, even if others have the same name. The machine user has the user id, whose digits
 * are the id of no other principal.
 */
export function keyOf(by: Principal): string {
  return by.kind === 'machine' ? String(by.uid) : by.id;
}
