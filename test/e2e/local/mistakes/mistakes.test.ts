// What a new user types by mistake, in real shells, with the whole answer: message, remedy and exit status.
import { randomBytes } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { accepts } from '../../../support/hostile.ts';
import { missing } from '../../../support/launcher/callers.ts';
import type { Mistake } from '../../../support/mistake.ts';
import { launcher, Sandbox } from '../../../support/sandbox.ts';
import { commandLines } from './command-lines.ts';
import { launches } from './launches.ts';
import { names } from './names.ts';

/** Mistakes that are made at the same time. */
const TOGETHER = 4;
const SHELLS = ['bash', 'dash', 'zsh', 'fish'].filter((name) => missing({ needs: [name] }) === undefined);

/** Returns a sandbox with a few objects, with nf-escrow on the PATH of its shells. */
async function prepare(t: Test): Promise<{ box: Sandbox; value: string }> {
  const box = new Sandbox(t);
  box.env['NF_ESCROW_NODE'] = process.execPath;
  box.command = [launcher];
  const programs = join(box.directory, 'bin');
  mkdirSync(programs);
  symlinkSync(launcher, join(programs, 'nf-escrow'));
  box.env['PATH'] = `${programs}:${box.env['PATH'] ?? ''}`;
  const value = randomBytes(16).toString('hex');
  await accepts(t, box, ['secrets', 'set', 'DB_PASSWORD'], { input: value });
  await accepts(t, box, ['orgs', 'create', 'lab']);
  await accepts(t, box, ['workspaces', 'create', 'lab/rna']);
  await accepts(t, box, ['compute-envs', 'create', 'cluster', '--platform', 'hpc']);
  writeFileSync(join(box.launch, 'broken.json'), `{"DB_PASSWORD": "${value}"`);
  for (const [directory, text] of Object.entries({
    'unknown-key': 'keepRunsDays: 30\nworskpace: lab/rna\n',
    'invalid-value': '# defaults\nkeepRunsDays: 30\nworkspace: lab\n',
    tab: 'trustedOwners:\n\t- sw\n',
  })) {
    mkdirSync(join(box.directory, directory), { mode: 0o700 });
    writeFileSync(join(box.directory, directory, 'config.yaml'), text, { mode: 0o600 });
  }
  return { box, value };
}

async function make(
  t: Test,
  box: Sandbox,
  shell: string,
  { line, status, says, hint }: Mistake,
): Promise<void> {
  const typed = line.replaceAll('$BOX', box.directory);
  const ended = await box.startProgram(shell, ['-c', typed]).ended;
  const lines = [`nf-escrow: ${says}`, `           ${hint}`].map((each) =>
    each.replaceAll('$BOX', box.directory),
  );
  t.equal(ended.stderr, `${lines.join('\n')}\n`, `${shell}: ${line}`);
  t.equal(ended.stdout, '', line);
  t.equal(ended.status, status, line);
}

/** Returns everything that a mistake could have changed. */
async function stateOf(box: Sandbox): Promise<unknown> {
  const commands = [['secrets'], ['workspaces'], ['orgs'], ['compute-envs'], ['runs'], ['config']];
  return Promise.all(commands.map((command) => box.json([...command, 'list'])));
}

void t.test(
  'each mistake is answered with object, reason, remedy and status, and changes nothing',
  async (t) => {
    const { box, value } = await prepare(t);
    const before = await stateOf(box);
    const all = [...commandLines, ...names, ...launches];
    t.ok(all.length >= 40);
    const left = all.map((mistake, index) => ({ mistake, shell: SHELLS[index % SHELLS.length] ?? 'sh' }));
    const work = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift())
        await make(t, box, next.shell, next.mistake);
    };
    await Promise.all(Array.from({ length: TOGETHER }, work));
    t.same(await stateOf(box), before);
    t.same(box.filesWith(value), [join(box.launch, 'broken.json')], 'the value is in no file');
  },
);
