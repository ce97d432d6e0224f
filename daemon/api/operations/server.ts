import { operation, type Operation } from '../routing/operation.ts';

/** Operations on a team server itself. */
export const serverOverviewOperations: readonly Operation[] = [
  operation({
    id: 'getServer',
    method: 'get',
    path: '/v1/server',
    summary: 'Get the state of the server: limits, keys in use, replicas, database and backups',
    permission: 'server:read',
    ofTeamServer: true,
    responses: { 200: 'server-overview' },
    handle: async ({ describe }) => {
      if (describe === undefined) throw new Error('a daemon has no overview');
      return { status: 200, body: await describe() };
    },
  }),
];
