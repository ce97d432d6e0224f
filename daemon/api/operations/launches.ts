import { permitted } from '../../access/permissions.ts';
import type { Principal } from '../../access/principal.ts';
import type { Launch } from '../../contract/types.ts';
import { operation, type Operation } from '../routing/operation.ts';
import { CREATE_RUN } from './problem-groups.ts';

/** Parameters can contain lists of samples. */
const REQUEST_MAX = 1024 * 1024;

const PREPARE = [
  'compute-environment-not-found',
  'launch-directory-unusable',
  'launch-not-prepared',
] as const;

/** Operations on runs that the daemon starts. */
export const launchOperations: readonly Operation[] = [
  operation({
    id: 'launchRun',
    method: 'post',
    path: '/v1/launches',
    summary: 'Start a run in the daemon',
    description:
      'Starts the run like `nf-escrow run --detach`, with the environment variables of its compute environment. Responds when Nextflow has been started or submitted. This can take minutes if Nextflow has to evaluate the configuration first. With `preview`, starts nothing and returns a preview of the launch with status 200. A retry with the same Idempotency-Key returns the same run in its current state.',
    query: 'launch-query',
    request: 'launch-request',
    requestMax: REQUEST_MAX,
    repeatable: 201,
    responses: { 200: 'launch-preview', 201: 'launch' },
    problems: [
      ...CREATE_RUN,
      ...PREPARE,
      'parameters-invalid',
      'parameters-not-checked',
      'organization-not-found',
      'scheduler-unavailable',
      'scheduler-rejected',
      'usage',
    ],
    handle: async ({ launches }, { query, body, remember, principal }) =>
      query.preview === true
        ? { status: 200, body: await launches.preview(body) }
        : { status: 201, body: withPermissions(principal, await launches.start(body, remember)) },
    repeat: async ({ launches }, { principal }, remembered) =>
      withPermissions(principal, await launches.repeat(remembered as Parameters<typeof launches.repeat>[0])),
  }),
  operation({
    id: 'getParameterSchema',
    method: 'get',
    path: '/v1/launches/parameters',
    summary: 'Get the schema of the parameters of a pipeline',
    description:
      'Reads the `nextflow_schema.json` of a pipeline on the host of the daemon. The pipeline must be a path, or Nextflow must have downloaded the pipeline and the request must not name a revision. If the response contains no schema, `reason` explains why.',
    query: 'parameter-schema-query',
    responses: { 200: 'parameter-schema' },
    problems: PREPARE,
    handle: async ({ launches }, { query }) => ({
      status: 200,
      body: await launches.parameterSchema(query),
    }),
  }),
];

function withPermissions(by: Principal, launch: Launch): Launch {
  return { ...launch, run: permitted(by, 'owner', 'run', launch.run) };
}
