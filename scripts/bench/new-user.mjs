// A new user: an empty home, and an environment with nothing but HOME and a PATH with Java and Nextflow.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findJava } from '../system-packages.mjs';

/** Fails if the task does not have the secret. */
const PIPELINE = `process HELLO {
  secret 'KEY_0'
  output: stdout
  script: 'test "$KEY_0" && echo hello'
}
workflow { HELLO() | view }
`;
export const VALUE = 'a value of 32 characters, no more';

export class NewUser {
  /** `program` is an installed nf-escrow. It stops the daemon, whose program may no longer exist. */
  constructor(home, nextflow, program) {
    this.home = home;
    this.program = program;
    const path = [dirname(nextflow), dirname(findJava()), '/usr/bin', '/bin'].join(':');
    this.env = { HOME: home, PATH: path, LANG: 'C.UTF-8', NXF_OFFLINE: 'true' };
  }

  /** Creates the home, which contains only a pipeline. */
  arrive() {
    this.leave();
    mkdirSync(this.home, { mode: 0o700 });
    writeFileSync(join(this.home, 'main.nf'), PIPELINE);
  }

  /** Stops the daemon and removes the home. */
  leave() {
    this.stopDaemon();
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  stopDaemon() {
    spawnSync(this.program, ['daemon', 'stop'], { env: this.env, stdio: 'ignore' });
  }

  /** Runs commands in one bash, with a secret value on its standard input, and returns the milliseconds that each took. */
  type(commands, { before = '', env = {} } = {}) {
    const stamps = `${this.home}.stamps`;
    const stamp = `printf '%s\\n' "$EPOCHREALTIME" >>'${stamps}'`;
    const script = [before, stamp, ...commands.flatMap((command) => [command, stamp])].join('\n');
    rmSync(stamps, { force: true });
    // LC_ALL: the decimal separator of EPOCHREALTIME.
    const { status, stdout, stderr } = spawnSync('bash', ['-c', `set -e\n${script}`], {
      cwd: this.home,
      env: { ...this.env, LC_ALL: 'C.UTF-8', ...env },
      input: VALUE,
      encoding: 'utf8',
    });
    if (status !== 0 || !/^hello$/m.test(stdout))
      throw new Error(`${commands.join(' && ')}: status ${status}\n${stdout}${stderr}`);
    const times = readFileSync(stamps, 'utf8').trim().split('\n').map(Number);
    rmSync(stamps);
    return times.slice(1).map((time, index) => (time - times[index]) * 1000);
  }
}
