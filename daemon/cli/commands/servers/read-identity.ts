import type { Client } from '../../../api-client/client.ts';
import type { Identity } from '../../../contract/types.ts';
import { EscrowError } from '../../../errors.ts';

const SCOPES_MAX = 20;

/** What the commands show of an identity. */
export type ShownIdentity = Omit<Identity, 'permissions'>;

/**
 * Asks a server who the user is there. A server may answer anything, so that only what has the right type is returned. Throws
 * `server-unreachable` for another answer, and the errors of the client.
 */
export async function readIdentity(client: Pick<Client, 'call'>, server: string): Promise<ShownIdentity> {
  const answer = await client.call<unknown>('GET', '/v1/whoami');
  const found = (typeof answer === 'object' && answer !== null ? answer : {}) as Readonly<
    Record<string, unknown>
  >;
  const { name, kind, scopes, workspace } = found;
  const isIdentity =
    isName(name) &&
    (kind === 'user' || kind === 'service-account') &&
    (scopes === null || (Array.isArray(scopes) && scopes.length <= SCOPES_MAX && scopes.every(isName))) &&
    (workspace === null || isName(workspace));
  if (isIdentity) return { name, kind, scopes: scopes as Identity['scopes'], workspace };
  throw new EscrowError(
    'server-unreachable',
    `Cannot read your account on ${server}: the response has an unexpected format.`,
    { hint: 'Check the address of the server. It may be a server of another version.' },
  );
}

/** No name is longer than two names of an organization and a workspace. */
function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 300;
}
