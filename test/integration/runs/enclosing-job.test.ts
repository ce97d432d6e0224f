import { readdirSync } from 'node:fs';
import t from 'tap';
import { identifySelf } from '../../../daemon/system/processes/process-identity.ts';
import { openModules } from '../../support/placed-run.ts';

void t.test('rejects an invalid job id before it places anything', async (t) => {
  const { modules, runs, launch } = await openModules(t);
  const request = {
    ...{ selection: {}, launchDirectory: launch, nextflow: '/bin/true', arguments: ['run', 'x'] },
    ...{ localStore: null, launcher: identifySelf() },
  };
  for (const id of ['-u', '4711.pbs', '1;id', '1'.repeat(200)])
    await t.rejects(
      modules.runs.create({ ...request, enclosingJob: { executor: 'slurm', id, restarts: 0 } }),
      { code: 'request-unprocessable' },
      id.slice(0, 10),
    );
  t.same(readdirSync(runs), []);
  t.same(await modules.ledger.db.selectFrom('runs').select('id').execute(), []);
  const { run } = await modules.runs.create({
    ...request,
    enclosingJob: { executor: 'slurm', id: '4711', restarts: 0 },
  });
  t.match(run, { headJob: { executor: 'slurm', id: '4711', head: false } });
});
