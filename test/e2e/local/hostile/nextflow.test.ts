import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { accepts, newestRun, purged, refuses, soon } from '../../../support/hostile.ts';
import { Sandbox } from '../../../support/sandbox.ts';

const VALUE = 'the-value-of-a-run-without-java';

void t.test('returns the status of a nextflow that cannot run, and purges its run', async (t) => {
  const box = new Sandbox(t);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
  const program = join(box.directory, 'broken');
  const cases: [string, number[], RegExp][] = [
    ['#!/bin/sh\necho "ERROR: Cannot find Java" >&2; exit 1', [1], /^ERROR: Cannot find Java\n$/m],
    ['#!/bin/sh\nkill -KILL $$', [137], /(?:)/],
    // Shells differ in the message and the status.
    ['#!/nowhere/bash\n', [126, 127], /broken/],
    ['\x7fELFno program at all', [126], /broken/],
  ];
  for (const [text, statuses, stderr] of cases) {
    writeFileSync(program, text, { mode: 0o755 });
    const { status, stderr: message } = await soon(t, box, ['run', '--nextflow', program, 'x'], {
      env: { NXF_PLUGINS_DEFAULT: 'true' },
    });
    t.ok(statuses.includes(status ?? -1), `${String(status)} ${message}`);
    t.match(message, stderr);
    t.match(await purged(t, box, VALUE), { outcome: 'failed', exitStatus: status });
  }
});

void t.test('refuses a path that is not a program before it materializes anything', async (t) => {
  const box = new Sandbox(t);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
  const [plain, directory] = [join(box.directory, 'plain'), join(box.directory, 'directory')];
  writeFileSync(plain, '#!/bin/sh\n', { mode: 0o644 });
  mkdirSync(directory);
  for (const path of [plain, directory, '/dev/null', join(plain, 'nextflow')]) {
    await refuses(t, box, ['run', '--nextflow', path, 'x'], [78, /is not an executable file/]);
    await refuses(t, box, ['nextflow', 'run', 'x'], [78, /is not an executable file/], {
      env: { NF_ESCROW_NEXTFLOW: path },
    });
  }
  await t.rejects(newestRun(box), /no run/);
  t.same(box.filesWith(VALUE), []);
});
