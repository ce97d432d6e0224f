import { daemonOperations } from '../api/operations/daemon.ts';
import { memberOperations, organizationMemberOperations } from '../api/operations/members.ts';
import { deliveryOperations } from '../api/operations/deliveries.ts';
import { releaseOperations } from '../api/operations/releases.ts';
import { secretOperations } from '../api/operations/secrets.ts';
import { serverEnvironmentOperations } from '../api/operations/server-environments.ts';
import { accountOperations, allSignInOperations } from '../api/operations/team.ts';
import { organizationOperations, workspaceOperations } from '../api/operations/workspaces.ts';
import { openApi, ownApi } from '../api/routing/openapi.ts';
import { operation, type Operation, type OperationGroup } from '../api/routing/operation.ts';

/** The operations on a daemon that a server has too. The others are about runs and the daemon's own process. */
const SHARED: readonly string[] = ['getHealth', 'getReadiness', 'streamEvents', 'listAuditEvents'];

const ABOUT =
  'The API of a team server. Requests require a token of the server or the session of a person, except for health, readiness and the sign-in. Errors are problem documents (RFC 9457) with a stable `code` and a `hint`. No response contains the value of a secret.';

const description = operation({
  id: 'getDescription',
  method: 'get',
  path: '/v1/openapi.json',
  summary: 'Get this description as OpenAPI 3.1',
  permission: 'workspaces:read', // every principal, with a token that may read: it names the version
  responses: { 200: { type: 'application/json' } },
  handle: ({ version }) => ({
    status: 200,
    body: openApi(version, serverGroups, {
      ...ownApi(true),
      hasSessions: true,
      summary: 'API for the secrets of a team',
      description: ABOUT,
    }),
  }),
});

/** The operations of a server by group. */
const serverGroups: readonly OperationGroup[] = [
  {
    title: 'Server',
    description: 'Health, readiness, events and audit log of the server',
    operations: [...daemonOperations.filter(({ id }) => SHARED.includes(id)), description],
  },
  {
    title: 'Organizations',
    description: 'Organizations, each of which owns workspaces',
    operations: [...organizationOperations, ...organizationMemberOperations],
  },
  {
    title: 'Workspaces',
    description: 'Workspaces, each of which is a set of secrets',
    operations: [...workspaceOperations, ...memberOperations],
  },
  {
    title: 'Secrets',
    description: 'Secrets of workspaces and of the user. Values are write-only',
    operations: secretOperations,
  },
  {
    title: 'Accounts',
    description: 'Users, invitations, service accounts and tokens',
    operations: accountOperations,
  },
  {
    title: 'Sign-in',
    description: 'Sign-in of people with a browser, and of their terminals',
    operations: allSignInOperations,
  },
  {
    title: 'Releases',
    description: 'Deliveries of secrets to runs of daemons',
    operations: [...releaseOperations, ...deliveryOperations],
  },
  {
    title: 'Compute environments',
    description: 'Compute environments to which the server itself delivers secrets',
    operations: serverEnvironmentOperations,
  },
];

export const serverOperations: readonly Operation[] = serverGroups.flatMap((group) => group.operations);
