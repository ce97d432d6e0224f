import { Router } from 'express';
import { validate } from '../../contract/validate.ts';
import type { Ledger } from '../../ledger/open.ts';
import type { Runs } from '../../runs/runs.ts';
import { events } from '../events.ts';

const LIST_DEFAULT = 50;
const LIST_MAX = 1000;

/** `/v1/runs` */
export function runRoutes(ledger: Ledger, runs: Runs): Router {
  const router = Router();
  router.post('/', async (request, response) => {
    const wanted = validate<'RunRequest'>('run-request.json', request.body);
    if (wanted.explain === true) response.json({ plan: await runs.explain(wanted) });
    else response.status(201).json(await runs.create(wanted));
  });
  router.get('/', async (request, response) => {
    const limit = Math.min(Number(request.query['limit'] ?? LIST_DEFAULT) || LIST_DEFAULT, LIST_MAX);
    response.json({ runs: await runs.list(limit) });
  });
  router.get('/:id', async (request, response) => {
    response.json(await runs.find(request.params.id));
  });
  router.get('/:id/tasks', async (request, response) => {
    response.json(await runs.tasks(request.params.id));
  });
  router.get('/:id/receipt', async (request, response) => {
    response.json(await runs.receipt(request.params.id));
  });
  router.post('/:id/cancel', async (request, response) => {
    response.json(await runs.cancel(request.params.id));
  });
  router.post('/:id/purge', async (request, response) => {
    response.json(await runs.purge(request.params.id, request.query['force'] === 'true'));
  });
  router.get('/:id/events', events(ledger, runs));
  return router;
}
