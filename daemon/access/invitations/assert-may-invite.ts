import type { OrganizationRole } from '../../contract/types.ts';
import type { Queries } from '../../ledger/ledger.ts';
import { authorize } from '../authorize.ts';
import { assertMayGrant } from '../members/assert-may-grant.ts';
import type { Principal } from '../principal.ts';
import { isAtLeastInOrganization } from '../roles.ts';

/**
 * Throws unless a principal may invite people to the server, and to the organization with this role. Checked when an invitation is
 * created, and again when it is accepted. Throws `organization-not-found`, `not-permitted`, `unauthenticated`.
 */
export async function assertMayInvite(
  db: Queries,
  by: Principal,
  { organization, role }: { readonly organization?: string; readonly role?: OrganizationRole },
): Promise<void> {
  await authorize(db, by, 'invitations:create', 'server');
  if (organization === undefined) return;
  const { role: own } = await authorize(db, by, 'organization_members:write', { organization });
  assertMayGrant(own as OrganizationRole, [role], isAtLeastInOrganization);
}
