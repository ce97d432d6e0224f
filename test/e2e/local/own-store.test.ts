// Runs without secrets of nf-escrow, which use Nextflow's own store, with a real Nextflow.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { newValue, output, pipeline, place } from '../../support/declared-secrets.ts';
import { realNextflows } from '../../support/nextflows.ts';

for (const nextflow of realNextflows(t)) {
  void t.test(`finds missing secrets if Nextflow uses its own store: ${nextflow}`, async (t) => {
    const { box, run } = place(t, nextflow);
    const none = await run(pipeline([]));
    t.equal(none.ended.status, 1);
    t.match(
      output(none.ended),
      /process SECOND declares secret GOOD_KEY: not found in workspace local\/main/,
    );
    t.same(none.done, []);
    mkdirSync(join(box.directory, 'nxf/secrets'), { recursive: true });
    const value = newValue();
    const store = JSON.stringify([{ name: 'GOOD_KEY', value }]);
    writeFileSync(join(box.directory, 'nxf/secrets/store.json'), store, { mode: 0o600 });
    const own = await run(pipeline([]));
    t.equal(own.ended.status, 0, output(own.ended));
    t.same(own.done, ['first', 'last', 'second']);
    t.equal(own.second, value, "Nextflow uses the user's own store");
    const plain = await run(pipeline(['NO_KEY'], 'channel.empty()'), { options: ['--no-secrets'] });
    t.equal(plain.ended.status, 0, 'runs Nextflow without a check with --no-secrets');
  });
}
