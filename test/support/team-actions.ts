// The actions of the page of a team server, and who may use each of them. docs/page-actions.md has the same table.
import { ENVIRONMENT, type Person } from './team-page.ts';

/** An action of the page. */
export interface TeamAction {
  /** Operations of the API. */
  readonly operations: readonly string[];
  /** Address of the screen. */
  readonly screen: string;
  /** What the screen shows only to those who may use the action: a text, a button, or an item of a menu. */
  readonly shown:
    | { readonly text: string }
    | { readonly button: string }
    | { readonly menu: string | ((person: Person) => string); readonly item: string };
  readonly people: readonly Person[];
  /** A request for the action, which the API refuses for all others. */
  readonly request?: readonly [method: string, path: string, body?: object];
}

const ADMINS: readonly Person[] = ['owner', 'orgadmin'];
const MAINTAINERS: readonly Person[] = [...ADMINS, 'maintainer'];
const MEMBERS: readonly Person[] = [...MAINTAINERS, 'launcher', 'viewer'];
const SERVER: readonly Person[] = ['administrator'];
const EVERYONE: readonly Person[] = [...MEMBERS, 'administrator', 'removed', 'outsider'];
const RNA = '/v1/workspaces/lab/rna';
const LAB = '/v1/organizations/lab';
const VALUE = { valueBase64: 'eA==' };

export const TEAM_ACTIONS: readonly TeamAction[] = [
  {
    operations: ['getWorkspace', 'listWorkspaces', 'listSecrets', 'searchSecrets'],
    screen: '#/workspaces/lab/rna/secrets',
    shown: { text: 'DB_PASSWORD' },
    people: MEMBERS,
    request: ['GET', `${RNA}/secrets`],
  },
  {
    operations: ['setSecret', 'getSecret'],
    screen: '#/workspaces/lab/rna/secrets',
    shown: { button: 'Add secret' },
    people: MAINTAINERS,
    request: ['PUT', `${RNA}/secrets/NEW_ONE`, VALUE],
  },
  {
    operations: ['importSecrets'],
    screen: '#/workspaces/lab/rna/secrets',
    shown: { button: 'Import…' },
    people: MAINTAINERS,
    request: ['POST', `${RNA}/secrets/import`, { textBase64: 'QUFBPTE=', format: 'dotenv' }],
  },
  {
    operations: ['setSecret'],
    screen: '#/workspaces/lab/rna/secrets',
    shown: { menu: 'Actions for DB_PASSWORD', item: 'Update value' },
    people: MAINTAINERS,
    request: ['PUT', `${RNA}/secrets/DB_PASSWORD`, VALUE],
  },
  {
    operations: ['removeSecret'],
    screen: '#/workspaces/lab/rna/secrets',
    shown: { menu: 'Actions for DB_PASSWORD', item: 'Remove' },
    people: MAINTAINERS,
    request: ['DELETE', `${RNA}/secrets/DB_PASSWORD`],
  },
  {
    operations: ['listSecretHistory'],
    screen: '#/workspaces/lab/rna/secrets/DB_PASSWORD',
    shown: { text: 'Set by maintainer' },
    people: MEMBERS,
    request: ['GET', `${RNA}/secrets/DB_PASSWORD/history`],
  },
  {
    operations: ['listReleases'],
    screen: '#/workspaces/lab/rna/runs',
    shown: { text: 'by launcher' },
    people: MEMBERS,
  },
  {
    operations: ['listReleases'],
    screen: '#/removals',
    shown: { text: 'by launcher' },
    people: MEMBERS,
  },
  {
    operations: ['listServerEnvironments'],
    screen: '#/workspaces/lab/rna/compute-envs',
    shown: { text: 'batch' },
    people: MEMBERS,
    request: ['GET', `${RNA}/compute-envs`],
  },
  {
    operations: ['createServerEnvironment'],
    screen: '#/workspaces/lab/rna/compute-envs',
    shown: { button: 'Create compute environment' },
    people: ADMINS,
    request: ['POST', `${RNA}/compute-envs`, { ...ENVIRONMENT, name: 'other' }],
  },
  {
    operations: ['removeServerEnvironment'],
    screen: '#/workspaces/lab/rna/compute-envs',
    shown: { menu: 'Actions for batch', item: 'Remove' },
    people: ADMINS,
    request: ['DELETE', `${RNA}/compute-envs/batch`],
  },
  {
    operations: ['getServerEnvironment'],
    screen: '#/workspaces/lab/rna/compute-envs/batch',
    shown: { text: ENVIRONMENT.aws.executionRole },
    people: MEMBERS,
    request: ['GET', `${RNA}/compute-envs/batch`],
  },
  {
    operations: ['listMembers'],
    screen: '#/workspaces/lab/rna/members',
    shown: { text: 'service-account:ci' },
    people: MEMBERS,
    request: ['GET', `${RNA}/members`],
  },
  {
    operations: ['addMember'],
    screen: '#/workspaces/lab/rna/members',
    shown: { button: 'Add member' },
    people: ADMINS,
    request: ['POST', `${RNA}/members`, { user: 'outsider', role: 'view' }],
  },
  {
    operations: ['updateMember'],
    screen: '#/workspaces/lab/rna/members',
    shown: { menu: 'Actions for launcher', item: 'Change role' },
    people: ADMINS,
    request: ['PATCH', `${RNA}/members/launcher`, { role: 'view' }],
  },
  {
    operations: ['removeMember'],
    screen: '#/workspaces/lab/rna/members',
    shown: { menu: 'Actions for launcher', item: 'Remove' },
    people: ADMINS,
    request: ['DELETE', `${RNA}/members/launcher`],
  },
  {
    operations: ['updateWorkspace'],
    screen: '#/workspaces/lab/rna/members',
    shown: { menu: 'Actions for the workspace', item: 'Change visibility' },
    people: ADMINS,
    request: ['PATCH', RNA, { visibility: 'shared' }],
  },
  {
    operations: ['removeWorkspace'],
    screen: '#/workspaces/lab/rna/members',
    shown: { menu: 'Actions for the workspace', item: 'Remove workspace' },
    people: ['owner'],
    request: ['DELETE', RNA],
  },
  {
    operations: ['listOrganizations', 'getOrganization'],
    screen: '#/organizations',
    shown: { text: 'lab' },
    people: MEMBERS,
    request: ['GET', LAB],
  },
  {
    operations: ['createOrganization'],
    screen: '#/organizations',
    shown: { button: 'Create organization' },
    people: SERVER,
    request: ['POST', '/v1/organizations', { name: 'other' }],
  },
  {
    operations: ['removeOrganization'],
    screen: '#/organizations/lab',
    shown: { menu: 'Actions for the organization', item: 'Remove organization' },
    people: ['owner'],
    request: ['DELETE', LAB],
  },
  {
    operations: ['createWorkspace'],
    screen: '#/organizations/lab',
    shown: { button: 'Create workspace' },
    people: MEMBERS, // members can create personal workspaces
    request: ['POST', '/v1/workspaces', { organization: 'lab', name: 'own', visibility: 'personal' }],
  },
  {
    operations: ['listOrganizationMembers'],
    screen: '#/organizations/lab/members',
    shown: { text: 'orgadmin' },
    people: MEMBERS,
    request: ['GET', `${LAB}/members`],
  },
  {
    operations: ['addOrganizationMember'],
    screen: '#/organizations/lab/members',
    shown: { button: 'Add member' },
    people: ADMINS,
    request: ['POST', `${LAB}/members`, { user: 'outsider', role: 'member' }],
  },
  {
    operations: ['updateOrganizationMember'],
    screen: '#/organizations/lab/members',
    shown: { menu: 'Actions for launcher', item: 'Change role' },
    people: ADMINS,
    request: ['PATCH', `${LAB}/members/launcher`, { role: 'admin' }],
  },
  {
    operations: ['removeOrganizationMember'],
    screen: '#/organizations/lab/members',
    shown: { menu: 'Actions for maintainer', item: 'Remove' },
    people: ADMINS,
  },
  {
    operations: ['removeOrganizationMember'],
    screen: '#/organizations/lab/members',
    shown: { menu: (person) => `Actions for ${person}`, item: 'Leave organization' },
    people: MEMBERS,
  },
  {
    operations: ['listServiceAccounts'],
    screen: '#/organizations/lab/service-accounts',
    shown: { text: 'Created by' },
    people: ADMINS,
    request: ['GET', `${LAB}/service-accounts`],
  },
  {
    operations: ['createServiceAccount'],
    screen: '#/organizations/lab/service-accounts',
    shown: { button: 'Create service account' },
    people: ADMINS,
    request: ['POST', `${LAB}/service-accounts`, { name: 'other' }],
  },
  {
    operations: ['removeServiceAccount'],
    screen: '#/organizations/lab/service-accounts/ci',
    shown: { menu: 'Actions for the service account', item: 'Remove service account' },
    people: ADMINS,
    request: ['DELETE', `${LAB}/service-accounts/ci`],
  },
  {
    operations: ['createToken'],
    screen: '#/organizations/lab/service-accounts/ci',
    shown: { button: 'Create token' },
    people: ADMINS,
    request: ['POST', '/v1/tokens', { name: 'x', scopes: ['read'], serviceAccount: 'lab/ci' }],
  },
  {
    operations: ['listTokens', 'revokeToken'],
    screen: '#/organizations/lab/service-accounts/ci',
    shown: { menu: 'Actions for test', item: 'Revoke' },
    people: ADMINS,
    request: ['GET', '/v1/tokens?serviceAccount=lab/ci'],
  },
  {
    operations: ['createToken'],
    screen: '#/account',
    shown: { button: 'Create token' },
    people: EVERYONE,
  },
  {
    operations: ['listSessions', 'revokeSession', 'revokeSessions'],
    screen: '#/account',
    shown: { button: 'Sign out everywhere' },
    people: EVERYONE,
  },
  {
    operations: ['listAuditEvents'],
    screen: '#/audit',
    shown: { button: 'Export' },
    people: EVERYONE,
  },
  {
    operations: ['listUsers'],
    screen: '#/users',
    shown: { text: 'outsider' },
    people: SERVER,
    request: ['GET', '/v1/users'],
  },
  {
    operations: ['createSignInLink'],
    screen: '#/users',
    shown: { menu: 'Actions for viewer', item: 'Create sign-in link' },
    people: SERVER,
    request: ['POST', '/v1/users/viewer/sign-in-links'],
  },
  {
    operations: ['suspendUser', 'resumeUser'],
    screen: '#/users',
    shown: { menu: 'Actions for viewer', item: 'Suspend' },
    people: SERVER,
    request: ['POST', '/v1/users/viewer/suspend'],
  },
  {
    operations: ['revokeUserSessions'],
    screen: '#/users',
    shown: { menu: 'Actions for viewer', item: 'End all sessions' },
    people: SERVER,
    request: ['DELETE', '/v1/users/viewer/sessions'],
  },
  {
    operations: ['createInvitation'],
    screen: '#/invitations',
    shown: { button: 'Invite' },
    people: SERVER,
    request: ['POST', '/v1/invitations', { email: 'one@example.org' }],
  },
  {
    operations: ['listInvitations', 'revokeInvitation'],
    screen: '#/invitations',
    shown: { menu: 'Actions for new@example.org', item: 'Withdraw' },
    people: SERVER,
    request: ['GET', '/v1/invitations'],
  },
  {
    operations: ['getServer'],
    screen: '#/server',
    shown: { text: 'Keys in use' },
    people: SERVER,
    request: ['GET', '/v1/server'],
  },
];
