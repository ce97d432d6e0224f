// An isolated environment for measurements: home, state directory, launch directory.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { node, root } from '../steps.mjs';

/** The program as it is published. */
export const program = join(root, 'bin/nf-escrow');

const HELLO = `process HELLO {
  secret 'KEY_0'
  output: stdout
  script: "echo hello"
}
workflow { HELLO() }
`;

export class Bench {
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
      NF_ESCROW_NODE: node,
    };
    // Node 20 reads extra certificates at each start, which would distort the measurements.
    for (const name of ['NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS', 'NXF_SECRETS_FILE']) delete this.env[name];
  }

  escrow(args, input = '', env = this.env) {
    return this.time(program, args, env, input);
  }

  /** Runs a program and returns the milliseconds that it took. */
  time(command, args, env = this.env, input = '') {
    const start = process.hrtime.bigint();
    const { status, stderr } = spawnSync(command, args, { cwd: this.launch, env, input, encoding: 'utf8' });
    const taken = Number(process.hrtime.bigint() - start) / 1e6;
    if (status !== 0 && args.at(-1) !== 'stop')
      throw new Error(`${command} ${args.join(' ')}: status ${status}\n${stderr}`);
    return taken;
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

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}

/** The first line of a Bash script that takes the place of nextflow: it answers the question for the version. */
export const ANSWER_VERSION = 'case " $* " in *" -v "*) echo "nextflow version 24.10.0.5928"; exit 0 ;; esac';
