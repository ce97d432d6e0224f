import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { accepts, newestRun, purged, refuses, soon } from '../../../support/hostile.ts';
import { Sandbox } from '../../../support/sandbox.ts';

const VALUE = 'the-value-of-a-run-without-java';

void t.test('a nextflow that cannot run gives its own status, and its run is purged', async (t) => {
  const box = new Sandbox(t);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
  const program = join(box.directory, 'broken');
  const cases: [string, number[], RegExp][] = [
    ['#!/bin/sh\necho "ERROR: Cannot find Java" >&2; exit 1', [1], /^ERROR: Cannot find Java\n$/],
    ['#!/bin/sh\nkill -KILL $$', [137], /(?:)/],
    // What a shell says of these, and with which of the two it ends, differs from one to the next.
    ['#!/nowhere/bash\n', [126, 127], /broken/],
    ['\x7fELFno program at all', [126], /broken/],
  ];
  for (const [text, statuses, stderr] of cases) {
    writeFileSync(program, text, { mode: 0o755 });
    const { status, stderr: said } = await soon(t, box, ['run', '--nextflow', program, 'x'], {
      env: { NXF_PLUGINS_DEFAULT: 'true' },
    });
    t.ok(statuses.includes(status ?? -1), `${String(status)} ${said}`);
    t.match(said, stderr);
    t.match(await purged(t, box, VALUE), { outcome: 'failed', exitStatus: status });
  }
});

void t.test('a nextflow that is none is refused before anything is placed', async (t) => {
  const box = new Sandbox(t);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
  const [plain, directory] = [join(box.directory, 'plain'), join(box.directory, 'directory')];
  writeFileSync(plain, '#!/bin/sh\n', { mode: 0o644 });
  mkdirSync(directory);
  for (const path of [plain, directory, '/dev/null', join(plain, 'nextflow')]) {
    await refuses(t, box, ['run', '--nextflow', path, 'x'], [78, /is not a program/]);
    await refuses(t, box, ['nextflow', 'run', 'x'], [78, /is not a program/], {
      env: { NF_ESCROW_NEXTFLOW: path },
    });
  }
  await t.rejects(newestRun(box), /no run/);
  t.same(box.filesWith(VALUE), []);
});
