import type { IncomingHttpHeaders } from 'node:http';
import { createDelivery } from '../../deliveries/create-delivery.ts';
import { receiptOfRelease } from '../../deliveries/describe-delivery.ts';
import { endDelivery, purgeRelease, readDelivery } from '../../deliveries/end-delivery.ts';
import { readAuthorization } from '../listeners/authorization.ts';
import { operation, type Operation } from '../routing/operation.ts';
import { deliveriesOf } from '../served.ts';
import { AWS, VAULT_KEY } from './problem-groups.ts';

/** Operations on what a team server itself delivers to runs. */
export const deliveryOperations: readonly Operation[] = [
  operation({
    id: 'createDelivery',
    method: 'post',
    path: '/v1/deliveries',
    summary: 'Deliver secrets of a workspace to one run',
    description:
      'The server creates the AWS secrets in one of its compute environments and returns references to them, never values. It records names and versions in the audit log before. A repeated request returns the same references with status 200; a different one for the same run fails with `release-conflict`. The server removes the secrets when the daemon ends the delivery, or when it expires. `Idempotency-Key` has no effect.',
    permission: 'releases:create',
    ofTeamServer: true,
    request: 'delivery-request',
    responses: { 200: 'delivery', 201: 'delivery' },
    problems: [
      ...(['workspace-not-found', 'workspace-personal', 'secret-not-found', 'secret-corrupt'] as const),
      ...(['compute-environment-not-found', 'compute-environment-invalid', 'state-conflict'] as const),
      ...(['secret-changed', 'release-conflict', 'request-unprocessable', 'claim-lost'] as const),
      ...(['limit-exceeded', ...VAULT_KEY, ...AWS] as const),
    ],
    handle: async (served, { body, principal }) => {
      const { delivery, isNew } = await createDelivery(deliveriesOf(served), principal, body);
      return { status: isNew ? 201 : 200, body: delivery };
    },
  }),
  operation({
    id: 'getDelivery',
    method: 'get',
    path: '/v1/releases/{release}/delivery',
    summary: 'Get the state of what the server has delivered to a run',
    description: 'Requires the credential of the delivery. `release` can also be the id of the run.',
    access: 'release',
    ofTeamServer: true,
    responses: { 200: 'delivery-state' },
    handle: async (served, { params, headers }) => ({
      status: 200,
      body: await readDelivery(deliveriesOf(served), params.release, credentialIn(headers)),
    }),
  }),
  operation({
    id: 'endDelivery',
    method: 'delete',
    path: '/v1/releases/{release}/delivery',
    summary: 'Remove what the server has delivered to a run',
    description:
      'Requires the credential of the delivery. `release` can also be the id of the run. The server removes the AWS secrets in the background and retries until it has verified that they do not exist. Can be repeated; the response contains the state.',
    access: 'release',
    ofTeamServer: true,
    responses: { 200: 'delivery-state' },
    handle: async (served, { params, headers }) => ({
      status: 200,
      body: await endDelivery(deliveriesOf(served), params.release, credentialIn(headers)),
    }),
  }),
  operation({
    id: 'getReleaseReceipt',
    method: 'get',
    path: '/v1/releases/{release}/receipt',
    summary: 'Get the receipt of a release',
    description:
      'Contains what the server itself has delivered, when it was removed, and how its absence was verified. For what a daemon has delivered, it contains the reports of the daemon.',
    permission: 'runs:read',
    ofTeamServer: true,
    responses: { 200: 'release-receipt' },
    problems: ['release-not-found'],
    handle: async ({ ledger }, { params, principal }) => ({
      status: 200,
      body: await receiptOfRelease(ledger, principal, params.release),
    }),
  }),
  operation({
    id: 'purgeRelease',
    method: 'post',
    path: '/v1/releases/{release}/purge',
    summary: 'Remove what the server has delivered to a run, as an admin or its user',
    description:
      'For a run whose daemon is lost. Fails with `run-alive` if the run has not ended according to its daemon, unless `force` is set.',
    permission: 'runs:manage',
    ofTeamServer: true,
    request: 'release-purge',
    requestOptional: true,
    responses: { 200: 'delivery-state' },
    problems: ['release-not-found', 'run-alive', 'request-unprocessable', 'not-permitted'],
    handle: async (served, { params, body, principal }) => ({
      status: 200,
      body: await purgeRelease(deliveriesOf(served), principal, params.release, body),
    }),
  }),
];

function credentialIn({ authorization }: IncomingHttpHeaders): string | undefined {
  return readAuthorization(authorization === undefined ? undefined : [authorization]).token;
}
