import { daemonOperations } from '../api/operations/daemon.ts';
import { secretOperations } from '../api/operations/secrets.ts';
import { organizationOperations, workspaceOperations } from '../api/operations/workspaces.ts';
import { openApi, ownApi } from '../api/routing/openapi.ts';
import { operation, type Operation, type OperationGroup } from '../api/routing/operation.ts';

/** The operations on a daemon that a server has too. The others are about runs and the daemon's own process. */
const SHARED: readonly string[] = ['getHealth', 'getReadiness', 'streamEvents', 'listAuditEvents'];

const ABOUT =
  'The API of a team server. Requests need a token of the server. Errors are problem documents (RFC 9457) with a stable `code` and a `hint`. No response contains the value of a secret.';

const description = operation({
  id: 'getDescription',
  method: 'get',
  path: '/v1/openapi.json',
  summary: 'Get this description as OpenAPI 3.1',
  responses: { 200: { type: 'application/json' } },
  handle: ({ version }) => ({
    status: 200,
    body: openApi(version, serverGroups, {
      ...ownApi(true),
      summary: 'Secrets of a team',
      description: ABOUT,
    }),
  }),
});

/** The operations of a server by group. */
const serverGroups: readonly OperationGroup[] = [
  {
    title: 'Server',
    description: 'Health and records of the server',
    operations: [...daemonOperations.filter(({ id }) => SHARED.includes(id)), description],
  },
  { title: 'Organizations', description: 'Owners of workspaces', operations: organizationOperations },
  { title: 'Workspaces', description: 'Sets of secrets', operations: workspaceOperations },
  {
    title: 'Secrets',
    description: 'Secrets of workspaces and of the user. Values are write-only',
    operations: secretOperations,
  },
];

export const serverOperations: readonly Operation[] = serverGroups.flatMap((group) => group.operations);
