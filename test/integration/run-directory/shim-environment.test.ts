import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { root, untapped } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const SHIM = join(root, 'templates/shim.sh');
const PREFIX = 'nfe_';
const TOKEN = 'a1'.repeat(16);
/** Every shell changes these, and nextflow is a shell script itself. */
const OF_SHELLS = /^(_|SHLVL|PWD)=/;

/** Shells that may run the shim, as far as they are installed. */
const SHELLS: readonly (readonly [string, ...string[]])[] = [
  ['/bin/bash', '-p'],
  ['/bin/dash'],
  ['/usr/bin/busybox', 'sh'],
];

interface Names {
  readonly variables: readonly string[];
  readonly functions: readonly string[];
}

/** Returns the names that a script assigns: by assignment, `read` and `for`, and its functions. */
function namesIn(path: string): Names {
  const lines = readFileSync(path, 'utf8').split('\n');
  const text = lines.map((line) => line.replace(/^\s*#.*| # .*/, '')).join('\n');
  const matches = (pattern: RegExp): string[] =>
    [...text.matchAll(pattern)].flatMap(([, found = '']) => found);
  const read = matches(/\bread((?: -\w+(?: '')?)*(?: [A-Za-z_]\w*)+)/g).flatMap((words) =>
    words.split(' ').filter((word) => /^[A-Za-z_]/.test(word)),
  );
  const variables = [
    ...matches(/(?:^|[\s;('])([A-Za-z_]\w*)\+?=/gm),
    ...matches(/\bfor ([A-Za-z_]\w*) in\b/g),
    ...read,
  ];
  return {
    variables: [...new Set(variables)].filter((name) => name !== 'IFS' && name !== 'LC_ALL'), // for one command
    functions: matches(/^([A-Za-z_]\w*)\(\)/gm),
  };
}

/** Returns the environment that a program prints, without the variables that every shell changes. */
function environmentOf(command: readonly string[], env: Readonly<Record<string, string>>): string[] {
  const [first = '', ...rest] = command;
  const { stdout, stderr, status } = spawnSync(...untapped(first, rest), { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout
    .split('\0')
    .filter((entry) => entry !== '' && !OF_SHELLS.test(entry))
    .sort();
}

for (const shell of SHELLS.filter(([path]) => existsSync(path)))
  void t.test(`nextflow has the environment of a plain start (${shell.join(' ')})`, async (t) => {
    const directory = temporaryDirectory(t);
    const nextflow = join(directory, 'nextflow');
    writeFileSync(nextflow, 'exec cat /proc/self/environ\n');
    writeFileSync(join(directory, 'armed'), `${TOKEN}\n`);
    const { variables, functions } = namesIn(SHIM);
    t.ok(variables.length > 15 && functions.length > 8, 'the script was parsed');
    const canary = `canary ${directory}`;
    const env = {
      ...{ PATH: process.env['PATH'] ?? '', LC_ALL: 'C', IFS: ' ', CDPATH: directory },
      ...Object.fromEntries(variables.map((name) => [name, canary])),
      ...(shell[0] === '/bin/bash' ? ofBash(functions) : {}),
    };
    const start = [...shell.filter((word) => word !== '-p'), nextflow]; // nextflow is a script of this shell
    const all = environmentOf(start, env);
    const plain = all.filter((entry) => !entry.startsWith(PREFIX));
    t.ok(all.length > variables.length, 'nextflow shows its environment');
    t.same(environmentOf([...shell, SHIM, directory, 'fg', ...start], env), plain);
    t.equal(readFileSync(join(directory, 'exit'), 'utf8'), `0 ${TOKEN}\n`);
  });

/** Returns what only bash passes on: exported functions, some with names of builtins, and odd names. */
function ofBash(functions: readonly string[]): Record<string, string> {
  const names = [...functions, 'command', 'read', 'printf', 'trap', 'kill'];
  const exported = names.map((name) => [`BASH_FUNC_${name}%%`, '() {  :\n}']);
  return {
    ...(Object.fromEntries(exported) as Record<string, string>),
    SHELLOPTS: 'braceexpand:hashall:interactive-comments',
    'not.a-name': 'kept',
  };
}

void t.test('gives every name in the scripts that start nextflow the reserved prefix', async (t) => {
  const scripts = ['shim.sh', 'head.sh', 'daemon-command.sh', 'nextflow.sh'].map((name) =>
    join(root, 'templates', name),
  );
  for (const script of [...scripts, join(root, 'bin/nf-escrow')]) {
    const { variables, functions } = namesIn(script);
    const isOurs = (name: string): boolean => name.startsWith(PREFIX) || name.startsWith('NF_ESCROW_');
    t.same(
      [...variables, ...functions].filter((name) => !isOurs(name)),
      [],
      script,
    );
  }
});
