import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { program } from '../../support/doctor-context.ts';
import { accepts, refuses } from '../../support/hostile.ts';
import { launcher, root, Sandbox, until } from '../../support/sandbox.ts';
import { canMakeTerminals, Terminal } from '../../support/terminal.ts';

const THEIRS = '# mine\n5 4 * * * true\n';

/** A sandbox with a daemon that is installed in a fake crontab, a secret, and an installed plugin. */
async function withInstallation(t: Test): Promise<{ box: Sandbox; table: string; plugins: string }> {
  const box = new Sandbox(t);
  const bin = join(box.directory, 'fakes');
  mkdirSync(bin);
  symlinkSync(join(root, 'test/support/bin/crontab'), join(bin, 'crontab'));
  program(join(bin, 'systemctl'), '#!/bin/sh\nexit 1\n');
  const table = join(box.directory, 'crontab');
  writeFileSync(table, THEIRS);
  Object.assign(box.env, {
    PATH: `${bin}:${box.env['PATH'] ?? ''}`,
    CRONTAB_FILE: table,
    NF_ESCROW_NODE: process.execPath,
  });
  box.command = [launcher];
  const plugins = join(box.directory, 'nxf/plugins');
  for (const name of ['nf-escrow-0.1.0', 'nf-escrow-aws-0.1.0', 'nf-schema-2.0.0', 'nf-escrow-notes'])
    mkdirSync(join(plugins, name), { recursive: true });
  await accepts(t, box, ['daemon', 'install']);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: 'a value of the test' });
  return { box, table, plugins };
}

void t.test('removes what starts the daemon, its sockets and plugins, and keeps the state', async (t) => {
  const { box, table, plugins } = await withInstallation(t);
  const before = readFileSync(table, 'utf8');
  const dry = await accepts(t, box, ['uninstall', '--dry-run']);
  t.match(dry.stdout, /^Would remove:\n {2}the lines of nf-escrow in your crontab\n/);
  for (const path of [join(plugins, 'nf-escrow-0.1.0'), join(box.state, 'daemon-command')])
    t.match(dry.stdout, `  ${path}\n`);
  t.match(dry.stdout, `Would keep, unless you confirm:\n  ${box.state}\n`);
  t.equal(readFileSync(table, 'utf8'), before);
  const pid = await box.daemonPid();
  t.ok(pid);

  await refuses(t, box, ['uninstall'], [64, /Cannot ask for confirmation/]);
  t.equal(readFileSync(table, 'utf8'), before);
  const done = await accepts(t, box, ['uninstall', '--yes']);
  t.match(done.stdout, `Removed.\nKept:\n  ${box.state}\n`);
  t.equal(readFileSync(table, 'utf8'), THEIRS);
  t.same(readdirSync(plugins).sort(), ['nf-escrow-notes', 'nf-schema-2.0.0']);
  t.notOk(existsSync(box.socket));
  await until('the daemon has ended', () => !existsSync(`/proc/${String(pid)}`));
  t.match((await accepts(t, box, ['secrets', 'list'])).stdout, 'FOO_KEY', 'the secrets exist');

  const foreign = join(box.state, 'thesis.txt');
  writeFileSync(foreign, '');
  const conflict = [
    78,
    /^nf-escrow: Cannot delete ".*": it contains "thesis\.txt", which nf-escrow did not create/,
  ] as const;
  await refuses(t, box, ['uninstall', '--yes', '--delete-state'], conflict);
  rmSync(foreign);
  await accepts(t, box, ['uninstall', '--yes', '--delete-state']);
  t.notOk(existsSync(box.state));
  t.equal((await accepts(t, box, ['uninstall'])).stdout, 'Nothing is installed.\n');
});

void t.test('changes nothing while a run is live', async (t) => {
  const { box, table } = await withInstallation(t);
  const before = readFileSync(table, 'utf8');
  const held = box.start(['run', 'touch here; while [ ! -e go ]; do sleep 0.1; done']);
  await until('the run is live', () => existsSync(join(box.launch, 'here')));
  const refused = [
    75,
    /^nf-escrow: Cannot uninstall: 1 run is live or has pending removals, such as r/,
  ] as const;
  await refuses(t, box, ['uninstall', '--yes', '--delete-state'], refused);
  t.equal(readFileSync(table, 'utf8'), before);
  t.ok(existsSync(box.socket));
  writeFileSync(join(box.launch, 'go'), '');
  t.equal((await held.ended).status, 0);
  await accepts(t, box, ['uninstall', '--yes', '--delete-state']);
});

void t.test('asks for the state separately', async (t) => {
  if (!canMakeTerminals(t)) return;
  const { box } = await withInstallation(t);
  const terminal = new Terminal(t, box, join(box.directory, 'terminal'));
  let asked = 0;
  const answer = async (...answers: string[]): Promise<void> => {
    await terminal.type('nf-escrow uninstall');
    for (const each of answers) {
      asked += 1;
      await until('the question', () => terminal.screen.split('[y/N]').length > asked || undefined);
      terminal.press(`${each}\r`);
    }
  };
  await answer('n');
  t.equal(await terminal.prompt(), '64');
  t.match(terminal.screen, 'Cancelled. Nothing was changed.');
  await answer('y', 'n');
  t.equal(await terminal.prompt(), '0');
  t.match(terminal.screen, 'Kept:');
  t.ok(existsSync(join(box.state, 'ledger.db')));
  await accepts(t, box, ['secrets', 'list']);
  await answer('y', 'y');
  t.equal(await terminal.prompt(), '0');
  t.notOk(existsSync(box.state));
});
