import express, { Router } from 'express';
import type { Principal } from '../../access/principal.ts';
import {
  changeComputeEnvironment,
  createComputeEnvironment,
  findComputeEnvironment,
  listComputeEnvironments,
  removeComputeEnvironment,
} from '../../compute-envs/compute-environments.ts';
import { validate } from '../../contract/validate.ts';
import type { Ledger } from '../../ledger/open.ts';

/** `/v1/compute-envs` */
export function computeEnvironmentRoutes(ledger: Ledger, user: Principal): Router {
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
