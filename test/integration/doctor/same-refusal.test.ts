import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { DoctorReport } from '../../../daemon/contract/types.ts';
import { accepts } from '../../support/hostile.ts';
import { Sandbox } from '../../support/sandbox.ts';

/** A group that may have members other than root. */
const SHARED = 65_534;

void t.test('doctor reports what the launch refuses, with the same reason and remedy', async (t) => {
  if (process.geteuid?.() !== 0) {
    t.pass('skipped', { skip: 'only root may give a directory to any group' });
    return;
  }
  const box = new Sandbox(t);
  const base = join(box.directory, 'base');
  mkdirSync(base);
  box.env['NF_ESCROW_HOME'] = join(base, 'state');
  box.env['NF_ESCROW_RUNS_DIR'] = join(box.directory, 'scratch/runs');
  chmodSync(box.directory, 0o755); // so that no directory above hides the others
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: 'value' });
  await accepts(t, box, ['run', 'true']);
  await accepts(t, box, ['daemon', 'stop']);
  const share = (path: string, mode = 0o775): (() => void) => {
    chownSync(path, 0, SHARED);
    chmodSync(path, mode);
    return () => chmodSync(path, 0o700);
  };
  const replace = (path: string, put: () => void): (() => void) => {
    renameSync(path, `${path}.aside`);
    put();
    return () => {
      rmSync(path);
      renameSync(`${path}.aside`, path);
    };
  };
  const state = join(base, 'state');
  const scratch = join(box.directory, 'scratch');
  const faults: Readonly<Record<string, readonly [() => () => void, RegExp]>> = {
    'a directory above the state directory': [
      () => share(base),
      /base" can be changed by others: members of group/,
    ],
    'the socket directory': [() => share(join(state, hostname()), 0o750), /it has mode 0750/],
    'a directory above the runs directory': [() => share(scratch), /scratch" can be changed by others/],
    'a link instead of the runs directory': [
      () => replace(join(scratch, 'runs'), () => symlinkSync('/tmp', join(scratch, 'runs'))),
      /runs": it is not a directory/,
    ],
    'the configuration file': [
      () => {
        writeFileSync(join(state, 'config.yaml'), 'keepRunsDays: 30\n');
        share(join(state, 'config.yaml'), 0o646);
        return () => rmSync(join(state, 'config.yaml'));
      },
      /config\.yaml": it can be changed by others/,
    ],
  };
  for (const [what, [damage, why]] of Object.entries(faults)) {
    const repair = damage();
    const launched = await box.escrow(['run', 'touch ran']);
    t.ok([77, 78].includes(launched.status ?? 0), `${what}: ${launched.stderr}`);
    const refusal = launched.stderr.split('\n').find((line) => why.test(line)) ?? launched.stderr;
    t.match(refusal, why, what);
    const { stdout } = await box.escrow(['doctor', '--json']);
    const { checks } = JSON.parse(stdout) as DoctorReport;
    const said = checks.find(({ state, found }) => state === 'failure' && refusal === `nf-escrow: ${found}`);
    t.ok(said, `${what}: ${refusal} / ${JSON.stringify(checks.filter(({ state }) => state !== 'ok'))}`);
    t.ok(launched.stderr.includes(`\n           ${String(said?.remedy)}\n`), `${what}: ${launched.stderr}`);
    await box.escrow(['daemon', 'stop']);
    repair();
  }
  await accepts(t, box, ['run', 'true']);
});
