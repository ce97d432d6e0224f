// Compares the plugin with Nextflow's own secrets store: correct values, over-shared names, cost.
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root, say } from '../steps.mjs';
import { median, program } from './place.mjs';

const VALUES = 100;
const STARTS = 12;
const SECRETS = 20;
const WRAPPERS = 40;

const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** A sample of the fidelity test's values. Nextflow's own store needs a task for each, because a value can break a task. */
function hardValues() {
  const texts = [
    ...['\n', 'a\n', 'a\nb', '"', "'", '`id`', '$(id)', '$HOME', '\\', 'a\\', '\r\n', '%s', '-n', 'V012=x'],
    ...[' a ', 'é', 'x V011=y', 'a"b', '!!', '#'],
  ];
  const printable = (count) => Buffer.from(randomBytes(count).map((byte) => 0x20 + (byte % 0x5f)));
  const values = texts.map((text) => Buffer.from(text));
  while (values.length < VALUES) values.push(printable(1 + (values.length % 60)));
  return new Map(values.map((value, index) => [`V${String(index).padStart(3, '0')}`, value]));
}

/** Returns a pipeline with one process per secret, which prints its own name before each variable that it received. */
function pipelineOf(names) {
  const processes = names.map(
    (name) => `process P_${name} {
  errorStrategy 'ignore'
  secret '${name}'
  output:
  stdout
  script:
  '''
  "$HASH_NODE" "$HASH_PROGRAM" | sed 's/^/${name} /'
  '''
}
`,
  );
  return `${processes.join('')}workflow {\n${names.map((name) => `  P_${name}() | view`).join('\n')}\n}\n`;
}

/** Counts tasks that received exactly their value, and variables that belong to another task. */
function score(output, values) {
  let [exact, foreign] = [0, 0];
  for (const line of output.split('\n')) {
    const [, of, name, digest] = /^(V\d{3}) (V\d{3}) ([0-9a-f]{64})$/.exec(line) ?? [];
    if (of !== name) foreign += 1;
    else if (of && digest === hash(values.get(of))) exact += 1;
  }
  return { exact, foreign };
}

export function fidelity(bench) {
  say(`${VALUES} difficult values, with the plugin and with Nextflow's own store`);
  const values = hardValues();
  const directory = join(bench.home, 'fidelity');
  const store = join(directory, 'store.json');
  mkdirSync(directory);
  writeFileSync(join(directory, 'main.nf'), pipelineOf([...values.keys()]));
  const entries = [...values].map(([name, value]) => ({ name, value: value.toString('utf8') }));
  writeFileSync(store, JSON.stringify(entries), { mode: 0o600 });
  for (const [name, value] of values) bench.escrow(['secrets', 'set', name], value);
  const env = {
    ...bench.env,
    HASH_NODE: process.execPath,
    HASH_PROGRAM: join(root, 'test/support/bin/hash-environment.mjs'),
  };
  const run = (command, args, extra = {}) =>
    spawnSync(command, args, { cwd: directory, env: { ...env, ...extra }, encoding: 'utf8' }).stdout;
  const ours = score(run(program, ['run', 'main.nf']), values);
  const theirs = score(run(bench.nextflow, ['run', 'main.nf'], { NXF_SECRETS_FILE: store }), values);
  for (const name of values.keys()) bench.escrow(['secrets', 'remove', name, '--yes']);
  return [
    {
      figure: `values delivered exactly, of ${VALUES} (peer: Nextflow's own store)`,
      value: ours.exact,
      theirValue: theirs.exact,
      wanted: `${VALUES}`,
      met: ours.exact === VALUES,
    },
    {
      figure: "names delivered to a task that does not declare them (peer: Nextflow's own store)",
      value: ours.foreign,
      theirValue: theirs.foreign,
      wanted: '0',
      met: ours.foreign === 0,
    },
  ];
}

const HELD = `process HELD {
  secret names
  script:
  'while [ ! -e "$GO" ]; do sleep 0.1; done'
}
`;

/** Times the wrapper that Nextflow writes for a task, with and without secrets, while the run is alive. */
export async function perTask(bench) {
  say(`start time of a task with ${SECRETS} secrets`);
  const directory = join(bench.home, 'tasks');
  mkdirSync(directory);
  const names = Array.from({ length: SECRETS }, (_, index) => `T${String(index).padStart(3, '0')}`);
  for (const name of names) bench.escrow(['secrets', 'set', name], randomBytes(30).toString('base64'));
  const go = join(directory, 'go');
  const task = (name, secrets) =>
    HELD.replace('HELD', name).replace(
      '  secret names\n',
      secrets.map((secret) => `  secret '${secret}'\n`).join(''),
    );
  writeFileSync(
    join(directory, 'main.nf'),
    `${task('WITH', names)}${task('WITHOUT', [])}workflow {\n  WITH()\n  WITHOUT()\n}\n`,
  );
  const child = spawn(program, ['run', 'main.nf'], {
    cwd: directory,
    env: { ...bench.env, GO: go },
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  const wrappers = await found(() => {
    const work = join(directory, 'work');
    if (!existsSync(work)) return undefined;
    const paths = readdirSync(work, { recursive: true }).filter((path) => path.endsWith('.command.begin'));
    return paths.length === 2 ? paths.map((path) => join(work, path.replace('begin', 'run'))) : undefined;
  });
  const [withSecrets, without] = wrappers.sort((a, b) => statSync(b).size - statSync(a).size);
  // The wrapper without the launch of the task, which would wait.
  const cut = (path) => {
    const trial = `${path}.trial`;
    writeFileSync(
      trial,
      readFileSync(path, 'utf8').replace(/^nxf_launch\(\) \{[^]*?^\}/m, 'nxf_launch() {\n    true\n}'),
    );
    return trial;
  };
  const [a, b] = [cut(withSecrets), cut(without)];
  const time = (path) => bench.time('bash', [path], { ...bench.env, GO: go });
  const added = [];
  for (let index = 0; index < WRAPPERS; index += 1) {
    const [one, other] = index % 2 ? [time(a), time(b)] : [time(b), time(a)].reverse();
    added.push((one - other) / SECRETS);
  }
  writeFileSync(go, '');
  await ended;
  for (const name of names) bench.escrow(['secrets', 'remove', name, '--yes']);
  return {
    figure: `time per secret added to a task (median of ${WRAPPERS} pairs, ${SECRETS} secrets)`,
    ours: median(added),
    wanted: 'at most 5 ms',
    met: median(added) <= 5,
  };
}

/** Compares a run with the plugin and the same run with Nextflow's own secrets file. */
export function startTime(bench) {
  say('time that the plugin adds to a run');
  bench.escrow(['secrets', 'set', 'KEY_0'], 'value');
  const off = { ...bench.env, NXF_PLUGINS_DEFAULT: 'false' };
  const added = [];
  for (let index = 0; index <= STARTS; index += 1) {
    const pair = [
      () => bench.escrow(['run', '--only-secret', 'KEY_0', 'main.nf']),
      () => bench.escrow(['run', '--only-secret', 'KEY_0', 'main.nf'], '', off),
    ];
    const [one, other] =
      index % 2
        ? pair.map((measure) => measure())
        : pair
            .reverse()
            .map((measure) => measure())
            .reverse();
    if (index > 0) added.push(one - other); // the first pair warms the file cache
  }
  return {
    figure: `time that the plugin adds to a run (median of ${STARTS} pairs)`,
    ours: median(added),
    wanted: 'at most 150 ms',
    met: median(added) <= 150,
  };
}

/** Measures the plugin that every run loads. Only runs on AWS Batch load the second one. */
export function size() {
  const [name] = readdirSync(join(root, 'dist/plugin')).filter((entry) => /^nf-escrow-\d/.test(entry));
  const directory = join(root, 'dist/plugin', name);
  const bytes = readdirSync(directory, { recursive: true })
    .map((path) => statSync(join(directory, path)))
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + entry.size, 0);
  const kilobytes = bytes / 1024;
  return { figure: 'size of the plugin, KB', value: kilobytes, wanted: 'under 60', met: kilobytes < 60 };
}

async function found(look) {
  for (let tries = 0; tries < 600; tries += 1) {
    const result = look();
    if (result !== undefined) return result;
    await sleep(100);
  }
  throw new Error('The tasks did not start.');
}
