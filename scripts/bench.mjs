// npm run bench [--json FILE]: three figures, each against what Nextflow does by itself, in one run and in turn.
// Absolute times belong to the machine; the ratios are what can be compared.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { cpus, hostname } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { ensureBuilt, ensureDependencies, ensureJava, ensureNextflow } from './set-up.mjs';
import { root, runDriver, say } from './steps.mjs';

const SECRETS = 100;
const PLACINGS = 20;
const NEXTFLOW_SETS = 10;
const HELLOS = 15;
const ENDS = 40;

const node = process.env.npm_node_execpath ?? process.execPath;
const main = join(root, 'dist/daemon/main.js');

const HELLO = `process HELLO {
  secret 'KEY_0'
  output: stdout
  script: "echo hello"
}
workflow { HELLO() }
`;

class Bench {
  constructor(home, nextflow) {
    this.home = home;
    this.launch = join(home, 'launch');
    this.nextflow = nextflow;
    mkdirSync(this.launch);
    writeFileSync(join(this.launch, 'main.nf'), HELLO);
    this.env = {
      ...process.env,
      NF_ESCROW_HOME: join(home, 'state'),
      NF_ESCROW_NEXTFLOW: nextflow,
      NXF_HOME: join(home, 'nxf'),
      NXF_OFFLINE: 'true',
      NXF_ANSI_LOG: 'false',
    };
    // Node 20 reads extra certificates at each start: a matter of the machine, not of what is measured.
    for (const name of ['NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS', 'NXF_SECRETS_FILE']) delete this.env[name];
  }

  escrow(args, input = '', env = this.env) {
    return this.time(node, [main, ...args], env, input);
  }

  /** Milliseconds that a program took. */
  time(command, args, env = this.env, input = '') {
    const start = process.hrtime.bigint();
    const { status, stderr } = spawnSync(command, args, { cwd: this.launch, env, input, encoding: 'utf8' });
    const taken = Number(process.hrtime.bigint() - start) / 1e6;
    if (status !== 0 && args.at(-1) !== 'stop')
      throw new Error(`${command} ${args.join(' ')}: status ${status}\n${stderr}`);
    return taken;
  }

  async placing() {
    say(`placing ${SECRETS} secrets, against nextflow secrets set`);
    this.escrow(['daemon', 'start']);
    for (let index = 0; index < SECRETS; index += 1) {
      const body = JSON.stringify({ value: randomBytes(24).toString('hex') });
      await this.call('PUT', `/v1/workspaces/local/main/secrets/KEY_${index}`, body);
    }
    const ours = [];
    const theirs = [];
    const { process: launcher } = await this.call('GET', '/v1/daemon');
    const wanted = JSON.stringify({
      selection: {},
      launchDirectory: this.launch,
      nextflow: '/bin/true',
      arguments: ['run', 'x'],
      localStore: null,
      launcher,
    });
    for (let index = 0; index < Math.max(PLACINGS, NEXTFLOW_SETS); index += 1) {
      if (index < PLACINGS) {
        const start = process.hrtime.bigint();
        const { run } = await this.call('POST', '/v1/runs', wanted);
        ours.push(Number(process.hrtime.bigint() - start) / 1e6);
        await this.call('POST', `/v1/runs/${run.id}/purge?force=true`);
      }
      if (index < NEXTFLOW_SETS)
        theirs.push(this.time(this.nextflow, ['secrets', 'set', `KEY_${index}`, 'value']));
    }
    return {
      figure: `placing ${SECRETS} secrets (theirs: ${NEXTFLOW_SETS} measured, times ${SECRETS / NEXTFLOW_SETS})`,
      ours: median(ours),
      theirs: median(theirs) * SECRETS,
      ratio: (median(theirs) * SECRETS) / median(ours),
      wanted: 'ratio at least 300',
    };
  }

  hello() {
    say('nf-escrow run of a hello pipeline, against bare nextflow run');
    const store = join(this.home, 'store.json');
    writeFileSync(store, JSON.stringify([{ name: 'KEY_0', value: 'value' }]), { mode: 0o600 });
    const bare = { ...this.env, NXF_SECRETS_FILE: store };
    const ours = [];
    const theirs = [];
    for (let index = 0; index <= HELLOS; index += 1) {
      const pair = [
        () => ours.push(this.escrow(['run', 'main.nf'])),
        () => theirs.push(this.time(this.nextflow, ['run', 'main.nf'], bare)),
      ];
      for (const measure of index % 2 ? pair : pair.reverse()) measure();
    }
    // The first of each warms the file cache.
    return {
      figure: `a hello pipeline, daemon warm (median of the ratios of ${HELLOS} pairs)`,
      ours: median(ours.slice(1)),
      theirs: median(theirs.slice(1)),
      ratio: median(ours.map((taken, index) => taken / theirs[index]).slice(1)),
      wanted: 'ratio at most 1.08',
    };
  }

  /** From the head's last act to an empty runs directory: no secret, no run directory. */
  async end() {
    say('end of the head to nothing left');
    const fake = join(this.home, 'nextflow');
    writeFileSync(
      fake,
      '#!/bin/bash\ntouch started-here\nwhile [ ! -e go ]; do sleep 0.01; done\necho ${EPOCHREALTIME/./} >ended\n',
      { mode: 0o755 },
    );
    const runs = join(this.home, 'state/runs');
    const taken = [];
    for (let index = 0; index < ENDS; index += 1) {
      for (const name of ['started-here', 'go', 'ended']) rmSync(join(this.launch, name), { force: true });
      const child = spawn(node, [main, 'run', 'x'], {
        cwd: this.launch,
        env: { ...this.env, NF_ESCROW_NEXTFLOW: fake },
        stdio: 'ignore',
      });
      const over = new Promise((resolve) => child.on('exit', resolve));
      while (!existsSync(join(this.launch, 'started-here'))) await turn();
      writeFileSync(join(this.launch, 'go'), '');
      while (readdirSync(runs).length > 0) await turn();
      const gone = Date.now();
      await over;
      taken.push(gone - Number(readFileSync(join(this.launch, 'ended'), 'utf8')) / 1000);
    }
    return {
      figure: 'end of head to nothing left',
      ours: median(taken),
      worst: Math.max(...taken),
      wanted: 'median under 100 ms',
    };
  }

  call(method, path, body) {
    const socketPath = join(this.home, 'state', hostname(), 'daemon.sock');
    return new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { 'content-type': 'application/json' };
      const outgoing = request({ socketPath, method, path, headers }, (incoming) => {
        let text = '';
        incoming
          .on('data', (chunk) => (text += chunk))
          .on('end', () => {
            if (incoming.statusCode >= 400) reject(new Error(`${method} ${path}: ${text}`));
            else resolve(JSON.parse(text));
          });
      });
      outgoing.on('error', reject).end(body);
    });
  }
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}

function print(results) {
  const ms = (value) => (value === undefined ? '-' : `${value.toFixed(value < 100 ? 1 : 0)} ms`);
  process.stdout.write(
    '| figure | nf-escrow (median) | worst | nextflow alone | ratio | wanted |\n| --- | --- | --- | --- | --- | --- |\n',
  );
  for (const { figure, ours, worst, theirs, ratio, wanted } of results) {
    process.stdout.write(
      `| ${figure} | ${ms(ours)} | ${ms(worst)} | ${ms(theirs)} | ${ratio?.toFixed(2) ?? '-'} | ${wanted} |\n`,
    );
  }
}

runDriver(async () => {
  ensureDependencies();
  ensureBuilt();
  const nextflow = ensureJava() === undefined ? undefined : ensureNextflow();
  if (nextflow === undefined) throw new Error('The bench needs a Java (17 or later) and a Nextflow.');
  const home = mkdtempSync('/tmp/nf-escrow-bench-');
  const bench = new Bench(home, nextflow);
  try {
    const results = [await bench.placing(), bench.hello(), await bench.end()];
    print(results);
    const file = process.argv[process.argv.indexOf('--json') + 1];
    const machine = {
      cpu: cpus()[0]?.model,
      cores: cpus().length,
      node: spawnSync(node, ['-v'], { encoding: 'utf8' }).stdout.trim(),
    };
    if (process.argv.includes('--json'))
      writeFileSync(file, `${JSON.stringify({ machine, results }, null, 2)}\n`);
  } finally {
    bench.escrow(['daemon', 'stop']);
    rmSync(home, { recursive: true, force: true });
  }
});
