import express, { Router } from 'express';
import { validate } from '../../contract/validate.ts';
import type { Ledger } from '../../ledger/open.ts';
import type { Runs } from '../../runs/runs.ts';
import { events } from '../events.ts';
import { numbers } from '../query.ts';

const LIST_DEFAULT = 50;
/** One argument of a command line can have 128 KiB: execve(2). */
const BODY_MAX = '4mb';

/** Returns the routes below `/v1/runs`. */
export function runRoutes(ledger: Ledger, runs: Runs): Router {
  const router = Router();
  router.use(express.json({ limit: BODY_MAX }));
  router.post('/', async (request, response) => {
    const wanted = validate<'RunRequest'>('run-request.json', request.body);
    if (wanted.explain === true) response.json({ plan: await runs.explain(wanted) });
    else response.status(201).json(await runs.create(wanted));
  });
  router.get('/', async (request, response) => {
    const { limit = LIST_DEFAULT, ...filter } = validate<'RunQuery'>(
      'run-query.json',
      numbers(request.query),
    );
    response.json({ runs: await runs.list({ limit, ...filter }) });
  });
  router.post('/prune', async (request, response) => {
    const { days } = validate<'RunPrune'>('run-prune.json', request.body);
    response.json({ pruned: await runs.prune(days) });
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
  router.post('/:id/receipt', async (request, response) => {
    const { awsCredentials } = validate<'RunPurge'>('run-purge.json', request.body ?? {});
    response.json(await runs.checkedReceipt(request.params.id, awsCredentials));
  });
  router.post('/:id/submit', async (request, response) => {
    const { arguments: args } = validate<'RunSubmission'>('run-submission.json', request.body);
    response.json(await runs.submit(request.params.id, args));
  });
  router.post('/:id/cancel', async (request, response) => {
    response.json(await runs.cancel(request.params.id));
  });
  router.post('/:id/purge', async (request, response) => {
    const { awsCredentials } = validate<'RunPurge'>('run-purge.json', request.body ?? {});
    const how = {
      force: request.query['force'] === 'true',
      asked: request.query['ended'] !== 'true', // the launcher sends it when its nextflow has exited
    };
    response.json(await runs.purge(request.params.id, how, awsCredentials));
  });
  router.get('/:id/events', events(ledger, runs));
  return router;
}
