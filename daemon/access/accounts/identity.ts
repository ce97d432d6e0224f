import type { Identity } from '../../contract/types.ts';
import type { Queries } from '../../ledger/ledger.ts';
import { assertCurrent } from '../assert-current.ts';
import { generalPermissions } from '../permissions.ts';
import type { Principal } from '../principal.ts';

/** Describes who sends a request, and what the token of the request permits. */
export async function describeIdentity(db: Queries, by: Principal): Promise<Identity> {
  if (by.kind === 'machine')
    return { name: by.user, kind: 'user', scopes: null, workspace: null, permissions: [] };
  const { kind, user: name, token } = by;
  const { isAdministrator } = await assertCurrent(db, by);
  const permissions = generalPermissions(by, isAdministrator);
  if (token === undefined) return { name, kind, scopes: null, workspace: null, permissions };
  const found =
    token.workspaceId === null
      ? undefined
      : await db
          .selectFrom('scopes')
          .select(['organization', 'name'])
          .where('id', '=', token.workspaceId)
          .executeTakeFirst();
  // A token of a removed workspace gives access to nothing, and must not appear to be unrestricted.
  const only = found === undefined ? '' : `${found.organization}/${found.name}`;
  const workspace = token.workspaceId === null ? null : only;
  return { name, kind, scopes: [...token.scopes], workspace, permissions };
}
