// Secrets that processes declare and that the run does not have, with a real Nextflow.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { RunList } from '../../../daemon/contract/types.ts';
import { newValue, output, pipeline, place, set } from '../../support/declared-secrets.ts';
import { realNextflows } from '../../support/nextflows.ts';

for (const nextflow of realNextflows(t)) {
  void t.test(`ends the run before any task if a secret is missing: ${nextflow}`, async (t) => {
    const { box, run } = place(t, nextflow);
    await set(t, box, 'GOOD_KEY', newValue());
    const config = join(box.launch, 'nextflow.config');
    writeFileSync(config, "process { withName: FIRST { secret = ['NOR_KEY'] } }\n");
    const { ended, done } = await run(pipeline(['GOOD_KEY', 'NO_KEY']));
    t.equal(ended.status, 1, output(ended));
    t.match(
      output(ended),
      /nf-escrow: cannot run the pipeline in workspace local\/main: .+ No task was submitted\.\n +process FIRST declares secret NOR_KEY: not found in workspace local\/main.+\n +process LAST declares secret NO_KEY: not found in workspace local\/main/,
    );
    t.same(done, []);
    const { runs } = await box.json<RunList>(['runs', 'list']);
    t.match(runs, [{ state: 'purged', outcome: 'failed', exitStatus: 1 }]);
    t.match(JSON.parse((await box.http('GET', `/v1/runs/${runs[0]?.id ?? ''}/tasks`)).text), { tasks: [] });

    rmSync(config);
    await set(t, box, 'NO_KEY', newValue());
    const unselected = await run(pipeline(['NO_KEY']), { options: ['--only-secret', 'GOOD_KEY'] });
    t.match(
      output(unselected.ended),
      /process LAST declares secret NO_KEY: not selected with --only-secret when the run started/,
    );
    t.same(unselected.done, []);
    const complete = await run(pipeline(['NO_KEY']));
    t.equal(complete.ended.status, 0, output(complete.ended));
    t.same(complete.done, ['first', 'last', 'second']);
  });

  void t.test(`only warns if no process is started: ${nextflow}`, async (t) => {
    const { box, run } = place(t, nextflow);
    await set(t, box, 'GOOD_KEY', newValue());
    const preview = await run(pipeline(['NO_KEY']), { options: ['-preview'] });
    t.equal(preview.ended.status, 0, output(preview.ended));
    t.match(output(preview.ended), /process LAST declares secret NO_KEY/);
    const inspected = await box.escrow(['nextflow', 'inspect', 'main.nf']);
    t.equal(inspected.status, 0, output(inspected));
    t.type(JSON.parse(inspected.stdout), 'object');
  });
}
