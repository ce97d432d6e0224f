import { findPendingRemovals } from '../../runs/records/queries.ts';
import { listExposures } from '../../runs/records/exposures.ts';
import { readListenAddress } from '../../config/listen-address.ts';
import { visibleEvents } from '../../access/sight.ts';
import { readAudit } from '../../ledger/audit.ts';
import type { Health } from '../../contract/types.ts';
import { sendAllEvents } from '../events/send-events.ts';
import { operation, type Operation } from '../routing/operation.ts';
import type { Served } from '../served.ts';
import { pageIn } from './page-limits.ts';

const AUDIT_DEFAULT = 100;

/** Operations on the daemon and on its records of all runs. */
export const daemonOperations: readonly Operation[] = [
  operation({
    id: 'getHealth',
    method: 'get',
    path: '/v1/health',
    summary: 'Check the health of the daemon and its ledger',
    access: 'public',
    responses: { 200: 'health' },
    handle: async ({ version, ledger }, { caller }) => ({
      status: 200,
      body: caller === 'user' ? { status: 'ok', version, ...(await healthOf(ledger)) } : { status: 'ok' },
    }),
  }),
  operation({
    id: 'getReadiness',
    method: 'get',
    path: '/v1/ready',
    summary: 'Check that the daemon or server can serve requests',
    access: 'public',
    responses: { 200: 'readiness' },
    problems: ['not-ready'],
    handle: async ({ readiness }, { caller }) => ({ status: 200, body: await readiness(caller) }),
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
    description: 'Runs continue. The next command that needs a daemon starts one.',
    responses: { 202: 'daemon-status' },
    handle: ({ status, stop }, _call, response) => {
      response.on('finish', stop);
      return { status: 202, body: status() };
    },
  }),
  operation({
    id: 'openListener',
    method: 'put',
    path: '/v1/daemon/listener',
    summary: 'Listen on a loopback address',
    description:
      'If the TCP listener is already open on this address, nothing changes. If it is open on another address, the daemon closes it. The new listener has a new token and stays open until the daemon stops.',
    request: 'listener-input',
    responses: { 200: 'daemon-status' },
    problems: [
      'config-invalid',
      'not-permitted',
      'address-unavailable',
      'permissions-too-open',
      'path-conflict',
    ],
    handle: async ({ tcp, status }, { body }) => {
      await tcp.listen(readListenAddress(body.address));
      return { status: 200, body: status() };
    },
  }),
  operation({
    id: 'listExposures',
    method: 'get',
    path: '/v1/exposures',
    summary: 'List files in which secret values were found',
    permission: 'runs:read',
    responses: { 200: 'exposure-list' },
    handle: async ({ ledger }, { principal }) => ({
      status: 200,
      body: await listExposures(ledger.db, principal),
    }),
  }),
  operation({
    id: 'streamEvents',
    method: 'get',
    path: '/v1/events',
    summary: 'Stream the journal of all runs and actions as server-sent events',
    permission: 'runs:read',
    description:
      'Starts with the next event, or with the first one if the request contains `Last-Event-ID: 0`. The data of each event is a `journal-event`. On a daemon, the id of an event is its position among all events. The first message has no data, and its id is the position at which the stream starts. The stream does not end. A client that reads too slowly is disconnected and resumes with `Last-Event-ID`. Comments keep the connection alive.',
    headers: ['Last-Event-ID'],
    responses: { 200: { type: 'text/event-stream', schema: 'journal-event' } },
    problems: ['too-many-listeners'],
    handle: (served, { headers, principal }, response) =>
      sendAllEvents(served, principal, headers['last-event-id'], response),
  }),
  operation({
    id: 'listAuditEvents',
    method: 'get',
    path: '/v1/audit',
    summary: 'List the audit log, newest first',
    permission: 'audit:read',
    query: 'audit-query',
    responses: { 200: 'audit' },
    problems: ['cursor-invalid', 'request-unprocessable'],
    handle: async ({ ledger, eventNumbers }, { query, principal }) => {
      const { items, ...next } = await readAudit(
        ledger.db,
        { ...query, ...pageIn(query, AUDIT_DEFAULT) },
        await visibleEvents(ledger.db, principal),
        eventNumbers,
      );
      return { status: 200, body: { events: [...items], ...next } };
    },
  }),
];

async function healthOf({ db }: Served['ledger']): Promise<Pick<Health, 'ledger' | 'pendingRemovals'>> {
  try {
    return { ledger: 'ok', pendingRemovals: (await findPendingRemovals(db)).count };
  } catch {
    return { ledger: 'unavailable', pendingRemovals: 0 }; // a request that needs the ledger reports the reason
  }
}
