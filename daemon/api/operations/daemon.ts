import { countPendingRemovals } from '../../runs/records/queries.ts';
import { exposuresOf } from '../../runs/records/exposures.ts';
import { readAudit } from '../../ledger/journal.ts';
import type { Health } from '../../contract/types.ts';
import { operation, type Operation } from '../routing/operation.ts';
import type { Served } from '../served.ts';

const AUDIT_DEFAULT = 100;

/** Operations on the daemon and on its records of all runs. */
export const daemonOperations: readonly Operation[] = [
  operation({
    id: 'getHealth',
    method: 'get',
    path: '/v1/health',
    summary: 'Check that the daemon and its ledger work',
    responses: { 200: 'health' },
    handle: async ({ version, ledger }) => ({
      status: 200,
      body: { status: 'ok', version, ...(await healthOf(ledger)) },
    }),
  }),
  operation({
    id: 'getDaemon',
    method: 'get',
    path: '/v1/daemon',
    summary: 'Get the status of the daemon',
    responses: { 200: 'daemon-status' },
    handle: ({ status }) => ({ status: 200, body: status() }),
  }),
  operation({
    id: 'stopDaemon',
    method: 'post',
    path: '/v1/daemon/stop',
    summary: 'Shut the daemon down gracefully',
    description: 'Runs continue. The next command starts a daemon.',
    responses: { 202: 'daemon-status' },
    handle: ({ status, stop }, _call, response) => {
      response.on('finish', stop);
      return { status: 202, body: status() };
    },
  }),
  operation({
    id: 'listExposures',
    method: 'get',
    path: '/v1/exposures',
    summary: 'List files in which secret values were found',
    responses: { 200: 'exposure-list' },
    handle: async ({ ledger }) => ({ status: 200, body: { exposures: await exposuresOf(ledger.db) } }),
  }),
  operation({
    id: 'listAuditEvents',
    method: 'get',
    path: '/v1/audit',
    summary: 'List the audit log, newest first',
    query: 'audit-query',
    responses: { 200: 'audit' },
    handle: async ({ ledger }, { query: { limit = AUDIT_DEFAULT, before } }) => ({
      status: 200,
      body: { events: await readAudit(ledger.db, limit, before) },
    }),
  }),
];

async function healthOf({ db }: Served['ledger']): Promise<Pick<Health, 'ledger' | 'pendingRemovals'>> {
  try {
    return { ledger: 'ok', pendingRemovals: await countPendingRemovals(db) };
  } catch {
    return { ledger: 'unavailable', pendingRemovals: 0 }; // a request that needs the ledger reports the reason
  }
}
