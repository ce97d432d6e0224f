import type {
  CreatedInvitation,
  CreatedSignInLink,
  CreatedToken,
  Invitation,
  InvitationInput,
  ServerOverview,
  Token,
  TokenInput,
  User,
  UserSession,
  UserSessionList,
} from '../../../daemon/contract/types.ts';
import { call } from '../../api/call.ts';
import { readAll } from '../../api/read-all.ts';
import { useResource, type Loaded } from '../../api/resource.ts';
import { pathOf, sendChange } from './send-change.ts';

/** Returns the tokens of the person, or of a service account (ORGANIZATION/NAME). */
export function useTokens(serviceAccount?: string): Loaded<Token[]> {
  const query = serviceAccount === undefined ? {} : { serviceAccount };
  return useResource(`tokens/${serviceAccount ?? ''}`, () => readAll<Token>('v1/tokens', 'tokens', query));
}

export async function createToken(body: TokenInput): Promise<CreatedToken> {
  return sendChange<CreatedToken>({ method: 'POST', path: 'v1/tokens', body, changes: ['tokens'] });
}

export async function revokeToken(id: string): Promise<void> {
  await sendChange({ method: 'DELETE', path: pathOf('tokens', id), changes: ['tokens'] });
}

/** Returns the sessions of the person. */
export function useSessions(): Loaded<UserSession[]> {
  return useResource('sessions', async () => {
    const { sessions } = await call<UserSessionList>('GET', 'v1/user/sessions');
    return sessions;
  });
}

export async function endSession(id: string): Promise<void> {
  await sendChange({ method: 'DELETE', path: pathOf('user', 'sessions', id), changes: ['sessions'] });
}

/** Ends all sessions of the person, including this one. */
export async function endAllSessions(): Promise<void> {
  await sendChange({ method: 'DELETE', path: 'v1/user/sessions', changes: [] });
}

export function useUsers(): Loaded<User[]> {
  return useResource('users', () => readAll<User>('v1/users', 'users'));
}

export async function setSuspended({ name }: User, isSuspended: boolean): Promise<void> {
  const path = pathOf('users', name, isSuspended ? 'suspend' : 'resume');
  await sendChange({ method: 'POST', path, changes: ['users'] });
}

export async function endSessionsOf({ name }: User): Promise<void> {
  await sendChange({ method: 'DELETE', path: pathOf('users', name, 'sessions'), changes: ['sessions'] });
}

export async function createSignInLink({ name }: Pick<User, 'name'>): Promise<CreatedSignInLink> {
  const path = pathOf('users', name, 'sign-in-links');
  return sendChange<CreatedSignInLink>({ method: 'POST', path, changes: [] });
}

export function useInvitations(): Loaded<Invitation[]> {
  return useResource('invitations', () => readAll<Invitation>('v1/invitations', 'invitations'));
}

export async function invite(body: InvitationInput): Promise<CreatedInvitation> {
  const changes = ['invitations'];
  return sendChange<CreatedInvitation>({ method: 'POST', path: 'v1/invitations', body, changes });
}

export async function withdrawInvitation(id: string): Promise<void> {
  await sendChange({ method: 'DELETE', path: pathOf('invitations', id), changes: ['invitations'] });
}

export function useServer(): Loaded<ServerOverview> {
  return useResource('server', () => call<ServerOverview>('GET', 'v1/server'));
}
