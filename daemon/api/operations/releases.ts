import { createRelease } from '../../releases/create-release.ts';
import { listReleases } from '../../releases/list-releases.ts';
import { reportRelease } from '../../releases/report-release.ts';
import { readAuthorization } from '../listeners/authorization.ts';
import { operation, type Operation } from '../routing/operation.ts';
import { pageIn } from './page-limits.ts';
import { VAULT_KEY } from './problem-groups.ts';

/** Operations on releases: daemons get secrets of a team server for their runs, and the team sees who has received which. */
export const releaseOperations: readonly Operation[] = [
  operation({
    id: 'listReleases',
    method: 'get',
    path: '/v1/releases',
    summary: 'List releases of secrets to runs, with the reported states of the runs',
    description:
      'The daemons of the users report the states. The list contains the runs of all users of the workspaces.',
    permission: 'runs:read',
    ofTeamServer: true,
    query: 'release-query',
    responses: { 200: 'release-list' },
    problems: ['cursor-invalid'],
    handle: async ({ ledger }, { query, principal }) => {
      const { items, ...next } = await listReleases(ledger.db, principal, { ...query, ...pageIn(query) });
      return { status: 200, body: { releases: [...items], ...next } };
    },
  }),
  operation({
    id: 'createRelease',
    method: 'post',
    path: '/v1/releases',
    summary: 'Release secrets of a workspace to one run',
    description:
      'The values are in an age file that only the recipient can decrypt. The server records names and versions in the audit log before it sends the values. A repeated request with the same recipient returns the same release with status 200; with another recipient it fails with `release-conflict`. The credential permits reports on the state of this release, also after the token has expired. `Idempotency-Key` has no effect.',
    permission: 'releases:create',
    ofTeamServer: true,
    request: 'release-request',
    responses: { 200: 'release', 201: 'release' },
    problems: [
      ...(['workspace-not-found', 'workspace-personal', 'secret-not-found', 'secret-corrupt'] as const),
      ...(['secret-changed', 'release-conflict', 'request-unprocessable'] as const),
      'limit-exceeded',
      ...VAULT_KEY,
    ],
    handle: async (served, { body, principal }) => {
      const { release, isNew } = await createRelease(served, principal, body);
      return { status: isNew ? 201 : 200, body: release };
    },
  }),
  operation({
    id: 'reportRelease',
    method: 'put',
    path: '/v1/releases/{release}/state',
    summary: 'Report the state of the run that has received a release',
    description:
      'Requires the credential of the release. Reports can be repeated and can arrive in any order. A report that is older than the recorded one has no effect.',
    access: 'release',
    ofTeamServer: true,
    request: 'release-report',
    responses: { 204: null },
    handle: async (served, { params, body, headers }) => {
      const { authorization } = headers;
      const { token } = readAuthorization(authorization === undefined ? undefined : [authorization]);
      await reportRelease(served, params.release, token, body);
      return { status: 204, body: undefined };
    },
  }),
];
