import express, { Router } from 'express';
import type { Principal } from '../../access/principal.ts';
import {
  changeComputeEnvironment,
  createComputeEnvironment,
  findComputeEnvironment,
  listComputeEnvironments,
  removeComputeEnvironment,
  type AllPlatformRules,
} from '../../compute-envs/compute-environments.ts';
import type { DoctorReport, Leftovers } from '../../contract/types.ts';
import { validate } from '../../contract/validate.ts';
import type { AllPlatformChecks } from '../../doctor/platform-checks.ts';
import { EscrowError } from '../../errors.ts';
import type { Ledger } from '../../ledger/open.ts';

/** Returns the routes below `/v1/compute-envs`. */
export function computeEnvironmentRoutes(
  ledger: Ledger,
  user: Principal,
  rules: AllPlatformRules,
  checks: AllPlatformChecks,
): Router {
  const router = Router();
  router.use(express.json());
  router.get('/', async (_request, response) => {
    response.json({ computeEnvironments: await listComputeEnvironments(ledger.db) });
  });
  router.post('/', async (request, response) => {
    const wanted = validate<'ComputeEnvironmentInput'>('compute-environment-input.json', request.body);
    response.status(201).json(await createComputeEnvironment(ledger, rules, user, wanted));
  });
  router.get('/:name', async ({ params }, response) => {
    response.json(await findComputeEnvironment(ledger.db, params.name));
  });
  router.post('/:name/check', async ({ params, query }, response) => {
    const environment = await findComputeEnvironment(ledger.db, params.name);
    const { workspace } = validate<'CheckQuery'>('check-query.json', { workspace: query['workspace'] });
    const found = await checks[environment.platform]?.check(environment, workspace);
    response.json({ checks: found ?? [] } satisfies DoctorReport);
  });
  router.post('/:name/probe', async ({ params, body }, response) => {
    const environment = await findComputeEnvironment(ledger.db, params.name);
    const { name, platform } = environment;
    const service = checks[platform];
    if (service === undefined)
      throw new EscrowError(
        'compute-environment-invalid',
        `Cannot probe the compute environment "${name}": the daemon has no probe for platform ${platform}.`,
        { hint: `Check it without a probe: nf-escrow doctor --compute-env ${name}` },
      );
    const { waitSeconds } = validate<'ProbeRequest'>('probe-request.json', body);
    const left = new AbortController();
    response.on('close', () => {
      left.abort(); // the client disconnected, or the response is complete
    });
    const limits = { limitMs: waitSeconds * 1000, signal: left.signal };
    response.json({ checks: await service.probe(environment, limits) } satisfies DoctorReport);
  });
  router.post('/:name/sweep', async ({ params, query }, response) => {
    const environment = await findComputeEnvironment(ledger.db, params.name);
    const leftovers = await checks[environment.platform]?.sweep(environment, query['remove'] === 'true');
    response.json({ leftovers: leftovers ?? [] } satisfies Leftovers);
  });
  router.patch('/:name', async ({ params, body }, response) => {
    const change = validate<'ComputeEnvironmentChange'>('compute-environment-change.json', body);
    response.json(await changeComputeEnvironment(ledger, rules, user, params.name, change));
  });
  router.delete('/:name', async ({ params }, response) => {
    await removeComputeEnvironment(ledger, user, params.name);
    response.status(204).end();
  });
  return router;
}
