import type { NewUser } from '../../access/accounts/users.ts';
import { issueInvitation } from '../../access/invitations/create-invitation.ts';
import { issueSignInLink } from '../../access/sign-in/sign-in-links.ts';
import type {
  CreatedInvitation,
  CreatedSignInLink,
  CreatedToken,
  InvitationInput,
} from '../../contract/types.ts';
import type { Queries } from '../../ledger/ledger.ts';
import type { ServerSettings } from '../configuration/server-settings.ts';
import { openServerLedger } from '../ledger/open-server-ledger.ts';
import { quietLog } from '../quiet-log.ts';
import { assertInvitationInput, assertTokenInput, assertUserName } from './assert-input.ts';
import { createTokenAsOperator, createUserAsOperator, type OperatorToken } from './create-accounts.ts';
import { operatorName } from './operator.ts';
import { TokenFile } from './token-file.ts';

/*
 * Actions of administrators on the host of the server, which use the database directly: a request with a token cannot create
 * tokens, so a new user has no other way to get the first one. Each action is in the audit log.
 */

/** Creates a user, who has no role and no token yet. Throws `name-taken`, `usage`, and errors of the ledger. */
export async function createServerUser(settings: ServerSettings, user: NewUser): Promise<void> {
  assertUserName(user.name);
  await inTransaction(settings, (db) => createUserAsOperator(db, user));
}

/**
 * Creates a token of a user. `tokenFile`: the new file that it is written to, with mode 0600. Throws `user-not-found`,
 * `workspace-not-found`, `not-permitted`, `request-unprocessable`, `path-conflict`, `usage`, and errors of the ledger.
 */
export async function createServerToken(
  settings: ServerSettings,
  token: OperatorToken,
  tokenFile: string | undefined,
): Promise<CreatedToken> {
  const { user, ...input } = token;
  assertTokenInput(input);
  const file = tokenFile === undefined ? undefined : new TokenFile(tokenFile);
  try {
    return await inTransaction(settings, async (db) => {
      const created = await createTokenAsOperator(db, { user, ...input });
      file?.write(created.text);
      return created;
    });
  } catch (error) {
    file?.discard();
    throw error;
  }
}

/**
 * Creates a link with which a user signs in once, also on a server with an identity provider: it may be unreachable. Throws
 * `user-not-found`, `not-permitted`, and errors of the ledger.
 */
export async function createServerSignInLink(
  settings: ServerSettings,
  user: string,
): Promise<CreatedSignInLink> {
  const { secret, expires } = await inTransaction(settings, (db) =>
    issueSignInLink(db, operatorName(), user),
  );
  return { link: `${settings.publicUrl.origin}/sign-in#${secret}`, user, expires };
}

/**
 * Invites a person. An existing user can be named: the identity with which the person signs in is then added to this account. Throws
 * `organization-not-found`, `request-unprocessable`, `usage`, and errors of the ledger.
 */
export async function createServerInvitation(
  settings: ServerSettings,
  input: InvitationInput,
): Promise<CreatedInvitation> {
  assertInvitationInput(input);
  const { secret, invitation } = await inTransaction(settings, async (db) => {
    const { user } = input;
    const known =
      user === undefined
        ? undefined
        : await db.selectFrom('users').select('id').where('name', '=', user).executeTakeFirst();
    const offer = known === undefined ? input : { ...input, userId: known.id };
    return issueInvitation(db, { name: operatorName(), id: null }, offer);
  });
  return { link: `${settings.publicUrl.origin}/invitation#${secret}`, invitation };
}

async function inTransaction<T>(settings: ServerSettings, work: (db: Queries) => Promise<T>): Promise<T> {
  const store = await openServerLedger(settings, quietLog, { isServer: false });
  try {
    return await store.ledger.write(work);
  } finally {
    await store.close();
  }
}
