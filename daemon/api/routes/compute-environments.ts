import express, { Router } from 'express';
import type { Principal } from '../../access/principal.ts';
import {
  changeComputeEnvironment,
  createComputeEnvironment,
  findComputeEnvironment,
  listComputeEnvironments,
  removeComputeEnvironment,
} from '../../compute-envs/compute-environments.ts';
import type {
  AwsSettings,
  ComputeEnvironment,
  DoctorCheck,
  DoctorReport,
  Leftovers,
} from '../../contract/types.ts';
import { validate } from '../../contract/validate.ts';
import { EscrowError } from '../../errors.ts';
import type { Ledger } from '../../ledger/open.ts';

const WORKSPACE = /^[a-z0-9][a-z0-9-]{0,62}\/[a-z0-9][a-z0-9-]{0,62}$/;

/** What AWS is asked for a compute environment. */
export interface AwsAnswers {
  /** Whether it permits what is needed, for runs of a workspace; undefined: the default one. */
  readonly check: (settings: AwsSettings, workspace: string | undefined) => Promise<DoctorCheck[]>;
  /** Has a job there be given a throw-away secret. */
  readonly probe: (
    environment: ComputeEnvironment,
    how: { readonly limitMs: number; readonly signal: AbortSignal },
  ) => Promise<DoctorCheck[]>;
  /** What was left there; removed where that is asked for. */
  readonly sweep: (settings: AwsSettings, remove: boolean) => Promise<Leftovers['leftovers']>;
}

/** `/v1/compute-envs` */
export function computeEnvironmentRoutes(ledger: Ledger, user: Principal, answers: AwsAnswers): Router {
  const router = Router();
  router.use(express.json());
  router.get('/', async (_request, response) => {
    response.json({ computeEnvironments: await listComputeEnvironments(ledger.db) });
  });
  router.post('/', async (request, response) => {
    const wanted = validate<'ComputeEnvironmentInput'>('compute-environment-input.json', request.body);
    response.status(201).json(await createComputeEnvironment(ledger, user, wanted));
  });
  router.get('/:name', async ({ params }, response) => {
    response.json(await findComputeEnvironment(ledger.db, params.name));
  });
  router.post('/:name/check', async ({ params, query }, response) => {
    const { name, aws } = await findComputeEnvironment(ledger.db, params.name);
    if (aws === undefined)
      throw new EscrowError(
        'compute-environment-invalid',
        `"${name}" does not go to AWS: there is nothing to ask there.`,
      );
    const { workspace } = query;
    if (workspace !== undefined && (typeof workspace !== 'string' || !WORKSPACE.test(workspace)))
      throw new EscrowError('request-invalid', 'A workspace is ORGANIZATION/NAME.');
    response.json({ checks: await answers.check(aws, workspace) } satisfies DoctorReport);
  });
  router.post('/:name/probe', async ({ params, body }, response) => {
    const environment = await findComputeEnvironment(ledger.db, params.name);
    if (environment.aws === undefined)
      throw new EscrowError('compute-environment-invalid', `"${environment.name}" does not go to AWS.`);
    const { waitSeconds } = validate<'ProbeRequest'>('probe-request.json', body);
    const left = new AbortController();
    response.on('close', () => {
      left.abort(); // whoever asked has gone, or has been answered
    });
    const how = { limitMs: waitSeconds * 1000, signal: left.signal };
    response.json({ checks: await answers.probe(environment, how) } satisfies DoctorReport);
  });
  router.post('/:name/sweep', async ({ params, query }, response) => {
    const { aws } = await findComputeEnvironment(ledger.db, params.name);
    const leftovers = aws === undefined ? [] : await answers.sweep(aws, query['remove'] === 'true');
    response.json({ leftovers } satisfies Leftovers);
  });
  router.patch('/:name', async ({ params, body }, response) => {
    const change = validate<'ComputeEnvironmentChange'>('compute-environment-change.json', body);
    response.json(await changeComputeEnvironment(ledger, user, params.name, change));
  });
  router.delete('/:name', async ({ params }, response) => {
    await removeComputeEnvironment(ledger, user, params.name);
    response.status(204).end();
  });
  return router;
}
