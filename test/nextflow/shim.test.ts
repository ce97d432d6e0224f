import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { root, untapped } from '../launcher.ts';
import { temporaryDirectory } from '../temporary.ts';

/** Runs the shim in a run directory with a secret; `nextflow` is a line of shell, which the shim itself is told nothing of. */
function shim(directory: string, nextflow: string): number | null {
  writeFileSync(join(directory, 'armed'), '');
  writeFileSync(join(directory, 'store.json'), 'value');
  const args = [join(root, 'templates/shim.sh'), directory, 'fg', '/bin/sh', '-c', nextflow];
  return spawnSync(...untapped('/bin/sh', args), { stdio: 'ignore' }).status;
}

const TERM = 'kill -TERM $$';

void t.test('a head that TERM ended before the shim was told may be started again', async (t) => {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, 'requeue'), '');
  t.equal(shim(directory, TERM), 143);
  t.notOk(existsSync(join(directory, 'exit')), 'it is not over');
  t.equal(readFileSync(join(directory, 'interrupted'), 'utf8'), '143\n');
  t.ok(existsSync(join(directory, 'store.json')), 'its secrets stay');
});

void t.test('one that fails by itself is over, also where it could be started again', async (t) => {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, 'requeue'), '');
  t.equal(shim(directory, 'exit 3'), 3);
  t.equal(readFileSync(join(directory, 'exit'), 'utf8'), '3\n');
  t.notOk(existsSync(join(directory, 'store.json')));
});

void t.test('where nobody starts it again, TERM is its end', async (t) => {
  const directory = temporaryDirectory(t);
  t.equal(shim(directory, TERM), 143);
  t.equal(readFileSync(join(directory, 'exit'), 'utf8'), '143\n');
  t.notOk(existsSync(join(directory, 'store.json')));
});

void t.test(
  "a file of the user's own that a task has linked into the run directory stays as it is",
  async (t) => {
    const directory = temporaryDirectory(t);
    const mine = join(directory, 'mine');
    writeFileSync(mine, 'of the user');
    mkdirSync(join(directory, 'secrets'));
    writeFileSync(join(directory, 'secrets', 'FOO_KEY'), 'value');
    const links = `cd '${directory}' && ln -f mine store.json && ln mine secrets/BAR_KEY`;
    t.equal(shim(directory, links), 0);
    t.equal(readFileSync(mine, 'utf8'), 'of the user');
    for (const name of ['store.json', 'secrets', '.gone']) t.notOk(existsSync(join(directory, name)), name);
  },
);
