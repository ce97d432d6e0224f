import type {
  Organization,
  OrganizationMember,
  OrganizationRole,
  ServiceAccount,
  Workspace,
  WorkspaceInput,
} from '../../../daemon/contract/types.ts';
import { call } from '../../api/call.ts';
import { readAll } from '../../api/read-all.ts';
import { useResource, type Loaded } from '../../api/resource.ts';
import { pathOf, sendChange } from './send-change.ts';

const CHANGES = ['organizations', 'workspaces', 'members/'];

/** Returns the organizations of the person. */
export function useOrganizations(): Loaded<Organization[]> {
  return useResource('organizations', () => readAll<Organization>('v1/organizations', 'organizations'));
}

/** Returns an organization with the permissions of the person. */
export function useOrganization(name: string): Loaded<Organization> {
  return useResource(`organizations/${name}`, () => call<Organization>('GET', pathOf('organizations', name)));
}

export function useOrganizationMembers(name: string): Loaded<OrganizationMember[]> {
  return useResource(`organizations/${name}/members`, () =>
    readAll<OrganizationMember>(pathOf('organizations', name, 'members'), 'members'),
  );
}

/** Returns the service accounts of an organization; none if the person may not see them. */
export function useServiceAccounts(name: string, isVisible = true): Loaded<ServiceAccount[]> {
  return useResource(`organizations/${name}/service-accounts?${String(isVisible)}`, async () =>
    isVisible
      ? readAll<ServiceAccount>(pathOf('organizations', name, 'service-accounts'), 'serviceAccounts')
      : [],
  );
}

export async function createOrganization(name: string): Promise<void> {
  await sendChange({ method: 'POST', path: 'v1/organizations', body: { name }, changes: CHANGES });
}

export async function removeOrganization({ name, etag }: Organization): Promise<void> {
  await sendChange({ method: 'DELETE', path: pathOf('organizations', name), etag, changes: CHANGES });
}

export async function createWorkspace(body: WorkspaceInput): Promise<Workspace> {
  return sendChange<Workspace>({ method: 'POST', path: 'v1/workspaces', body, changes: CHANGES });
}

export async function addOrganizationMember(
  organization: string,
  body: { readonly user: string; readonly role: OrganizationRole },
): Promise<void> {
  const path = pathOf('organizations', organization, 'members');
  await sendChange({ method: 'POST', path, body, changes: CHANGES });
}

export async function changeOrganizationMember(
  organization: string,
  { user, etag }: OrganizationMember,
  role: OrganizationRole,
): Promise<void> {
  const path = pathOf('organizations', organization, 'members', user);
  await sendChange({ method: 'PATCH', path, body: { role }, etag, changes: CHANGES });
}

/** Removes a member, or leaves the organization. */
export async function removeOrganizationMember(
  organization: string,
  { user, etag }: OrganizationMember,
): Promise<void> {
  const path = pathOf('organizations', organization, 'members', user);
  await sendChange({ method: 'DELETE', path, etag, changes: CHANGES });
}

export async function createServiceAccount(organization: string, name: string): Promise<void> {
  const path = pathOf('organizations', organization, 'service-accounts');
  await sendChange({ method: 'POST', path, body: { name }, changes: CHANGES });
}

export async function removeServiceAccount({ organization, name, etag }: ServiceAccount): Promise<void> {
  const path = pathOf('organizations', organization, 'service-accounts', name);
  await sendChange({ method: 'DELETE', path, etag, changes: [...CHANGES, 'tokens'] });
}
