import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { plantedToo, Victims } from '../../support/hostile.ts';
import { harmfulIn } from '../../support/hostile-text.ts';
import { root, until, untapped } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const SHIM = join(root, 'templates/shim.sh');

/** Runs the shim in a run directory with a secret. `nextflow` is a shell command that takes its place. */
function shim(directory: string, nextflow: string): number | null {
  writeFileSync(join(directory, 'armed'), '');
  writeFileSync(join(directory, 'store.json'), 'value');
  const args = [SHIM, directory, 'fg', '/bin/sh', '-c', nextflow];
  return spawnSync(...untapped('/bin/sh', args), { stdio: 'ignore' }).status;
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

const TERM = 'kill -TERM $$';

void t.test('keeps secrets for a restart if TERM ends nextflow before the shim', async (t) => {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, 'requeue'), '');
  t.equal(shim(directory, TERM), 143);
  t.notOk(existsSync(join(directory, 'exit')), 'the run has not ended');
  t.equal(readFileSync(join(directory, 'interrupted'), 'utf8'), '143\n');
  t.ok(existsSync(join(directory, 'store.json')), 'its secrets are kept');
});

void t.test('prints the path of a run directory without terminal escape sequences', async (t) => {
  const directory = join(temporaryDirectory(t), 'a\x1b]52;c;eA==\x07\nnf-escrow: forged\u009b2J\u202e');
  for (const program of ['/bin/sh', '/bin/bash']) {
    const { status, stderr } = spawnSync(...untapped(program, [SHIM, directory, 'fg', '/bin/true']), {
      encoding: 'utf8',
    });
    const ours = stderr.split('\n').filter((line) => /^nf-escrow: /.test(line));
    t.equal(status, 70);
    t.match(
      ours,
      [/^nf-escrow: cannot use the run directory .*a\?\]52;c;eA==\?\?nf-escrow: forged\?+2J\?+$/],
      stderr,
    );
    t.equal(ours.length, 1, 'no forged message');
    t.same(harmfulIn(stderr), [], 'mkfifo prints none either');
  }
});

void t.test('a head that fails on its own ends the run, even if a restart is permitted', async (t) => {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, 'requeue'), '');
  t.equal(shim(directory, 'exit 3'), 3);
  t.equal(readFileSync(join(directory, 'exit'), 'utf8'), '3\n');
  t.notOk(existsSync(join(directory, 'store.json')));
});

void t.test('writes the exit status and removes the secrets in a run directory that was moved', async (t) => {
  for (const program of ['/bin/sh', '/bin/bash']) {
    const directory = join(temporaryDirectory(t), 'run');
    const aside = `${directory}.aside`;
    mkdirSync(directory);
    writeFileSync(join(directory, 'armed'), '');
    writeFileSync(join(directory, 'store.json'), 'value');
    const move = 'mv "$0" "$0.aside"; ls -l /proc/self/fd; exit 3';
    const args = [SHIM, directory, 'fg', '/bin/sh', '-c', move, directory];
    const { status, stdout } = spawnSync(...untapped(program, args), { encoding: 'utf8' });
    t.equal(status, 3);
    t.equal(readFileSync(join(aside, 'exit'), 'utf8'), '3\n');
    t.notOk(existsSync(join(aside, 'store.json')));
    t.notOk(existsSync(directory), 'nothing is written to the old path');
    t.notMatch(stdout, / 7 -> /, 'nextflow does not inherit the descriptor');
  }
});

void t.test('TERM ends the run if no restart is permitted', async (t) => {
  const directory = temporaryDirectory(t);
  t.equal(shim(directory, TERM), 143);
  t.equal(readFileSync(join(directory, 'exit'), 'utf8'), '143\n');
  t.notOk(existsSync(join(directory, 'store.json')));
});

void t.test('keeps a file of the user that a task has linked into the run directory', async (t) => {
  const directory = temporaryDirectory(t);
  const mine = join(directory, 'mine');
  writeFileSync(mine, 'of the user');
  mkdirSync(join(directory, 'secrets'));
  writeFileSync(join(directory, 'secrets', 'FOO_KEY'), 'value');
  const links = `cd '${directory}' && ln -f mine store.json && ln mine secrets/BAR_KEY`;
  t.equal(shim(directory, links), 0);
  t.equal(readFileSync(mine, 'utf8'), 'of the user');
  for (const name of ['store.json', 'secrets', '.gone']) t.notOk(existsSync(join(directory, name)), name);
});

void t.test('exits and changes no other files, whatever a task creates in the run directory', async (t) => {
  const names = [
    'store.json',
    'secrets/BAR_KEY',
    '.gone',
    '.gone/x',
    'process.new',
    'exit',
    'exit.new',
    'reserve.exit',
    'wake',
  ];
  for (const kind of plantedToo.filter((one) => one !== 'device' || process.geteuid?.() === 0))
    for (const name of names) {
      const what = `${kind} as ${name}`;
      const directory = temporaryDirectory(t);
      const victims = new Victims(t);
      const head = 'while [ ! -e "$0" ]; do sleep 0.01; done';
      const args = [SHIM, directory, 'fg', '/bin/sh', '-c', head, join(directory, 'go')];
      mkdirSync(join(directory, 'secrets'));
      for (const file of ['armed', 'store.json', 'secrets/FOO_KEY', 'wake'])
        writeFileSync(join(directory, file), 'value');
      const child = spawn(...untapped('/bin/sh', args), { stdio: 'ignore' });
      const ended = once(child, 'exit');
      await until('the head runs', () => existsSync(join(directory, 'process')));
      rmSync(join(directory, name), { recursive: true, force: true });
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      victims.plant(kind, join(directory, name));
      const untouched = victims.all;
      writeFileSync(join(directory, 'go'), '');
      t.same(await Promise.race([ended, sleep(120_000, 'hangs', { ref: false })]), [0, null], what);
      t.equal(victims.all, untouched, `${what}: no other file is changed`);
      // A daemon removes the other entries with the directory.
      const left = ['store.json', 'secrets'].filter((one) => isThere(join(directory, one)) && one !== name);
      t.same(left, [], what);
    }
});

void t.test('writes the wake file, which nextflow does not inherit', async (t) => {
  for (const program of ['/bin/sh', '/bin/bash']) {
    const directory = temporaryDirectory(t);
    writeFileSync(join(directory, 'wake'), '\n');
    writeFileSync(join(directory, 'armed'), '');
    const head = 'cp "$0/wake" "$0/seen"; [ ! -e /proc/self/fd/6 ]';
    const args = [SHIM, directory, 'fg', '/bin/sh', '-c', head, directory];
    t.equal(spawnSync(...untapped(program, args), { stdio: 'ignore' }).status, 0, program);
    t.equal(readFileSync(join(directory, 'seen'), 'utf8'), '.', 'after it wrote the process');
    t.equal(readFileSync(join(directory, 'wake'), 'utf8'), '..', 'after it wrote the exit status');
  }
});

void t.test('opens no other file if an earlier head has replaced the wake file', async (t) => {
  for (const kind of plantedToo.filter((one) => one !== 'device' || process.geteuid?.() === 0)) {
    const directory = temporaryDirectory(t);
    const victims = new Victims(t);
    victims.plant(kind, join(directory, 'wake'));
    const untouched = victims.all;
    t.equal(shim(directory, 'exit 3'), 3, kind);
    t.equal(victims.all, untouched, `${kind}: no other file is changed`);
  }
});

void t.test('signs the exit status with the token of the fence, and hides it from nextflow', async (t) => {
  const token = 'a1'.repeat(16);
  for (const program of ['/bin/sh', '/bin/bash']) {
    const directory = temporaryDirectory(t);
    writeFileSync(join(directory, 'armed'), `${token}\n`);
    const look = 'cat "$0/started"; env; set; cat /proc/$PPID/environ; exit 3';
    const args = [SHIM, directory, 'fg', '/bin/sh', '-c', look, directory];
    const { status, stdout } = spawnSync(...untapped(program, args), {
      encoding: 'latin1',
      env: { ...process.env, nf_escrow_token: 'exported' },
    });
    t.equal(status, 3);
    t.ok(stdout.includes('PWD='), 'nextflow shows its environment');
    t.notOk(stdout.includes(token));
    t.equal(readFileSync(join(directory, 'exit'), 'utf8'), `3 ${token}\n`);
  }
});

void t.test('puts the token back for a head that may be started again', async (t) => {
  const directory = temporaryDirectory(t);
  const token = 'b2'.repeat(16);
  writeFileSync(join(directory, 'requeue'), '');
  writeFileSync(join(directory, 'armed'), `${token}\n`);
  const args = [SHIM, directory, 'fg', '/bin/sh', '-c', TERM];
  t.equal(spawnSync(...untapped('/bin/sh', args), { stdio: 'ignore' }).status, 143);
  t.equal(readFileSync(join(directory, 'started'), 'utf8'), `${token}\n`);
});
