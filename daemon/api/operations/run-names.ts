import { listRunNames } from '../../runs/records/run-names.ts';
import { operation, type Operation } from '../routing/operation.ts';

const LIST_DEFAULT = 100;

/** Operations for completion, which has to answer while a person types. */
export const runNameOperations: readonly Operation[] = [
  operation({
    id: 'listRunNames',
    method: 'get',
    path: '/v1/run-names',
    summary: 'List names and ids of runs, newest first',
    permission: 'runs:read',
    description:
      'A short list for shell completion, which contains only id, name, state, outcome and time of each run.',
    query: 'run-name-query',
    responses: { 200: 'run-name-list' },
    handle: async ({ ledger }, { query: { prefix = '', limit = LIST_DEFAULT }, principal }) => ({
      status: 200,
      body: { runs: await listRunNames(ledger.db, principal, prefix, limit) },
    }),
  }),
];
