import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { launcher, until, untapped, type Sandbox } from './sandbox.ts';

export const CTRL_C = '\x03';
export const CTRL_Z = '\x1a';
export const CTRL_BACKSLASH = '\x1c';

/**
 * A start file for bash. At each prompt, bash appends the exit statuses of the last command line to a file, so that tests
 * need not parse the screen. Prompts are numbered: once a prompt is on the screen, so is all output before it.
 */
const RC = `echo $$ >"$PROMPTS.pid"
PROMPT_COMMAND='printf "%s\\n" "\${PIPESTATUS[*]}" >>"$PROMPTS"; PS1="<$((++prompts))> "'
unset HISTFILE
set +H
`;

/** Returns whether script(1) is available, which creates pseudo-terminals. Otherwise skips the test. */
export function canMakeTerminals(t: Test): boolean {
  if (spawnSync('script', ['--version']).status === 0) return true;
  t.pass('skipped', { skip: 'script(1) of util-linux is not installed' });
  return false;
}

/**
 * A user's terminal: an interactive bash in its own pseudo-terminal, with `nf-escrow` and `nextflow` on its PATH. Closed
 * at the end of the test.
 */
export class Terminal {
  readonly directory: string;
  readonly #box: Sandbox;
  readonly #prompts: string;
  readonly #child: ChildProcess;
  #screen = '';
  #answered = 0;

  constructor(t: Test, box: Sandbox, directory: string) {
    this.#box = box;
    this.directory = directory;
    this.#prompts = join(directory, '.prompts');
    mkdirSync(directory, { recursive: true });
    writeFileSync(this.#prompts, '');
    const programs = this.#programs();
    const env = {
      ...box.env,
      PATH: `${programs}:${box.env['PATH'] ?? ''}`,
      PROMPTS: this.#prompts,
      TERM: 'xterm',
    };
    const options = { cwd: directory, env, detached: true, stdio: 'pipe' } as const;
    const bash = `exec bash --rcfile ${programs}/bashrc -i`;
    const child = spawn(...untapped('script', ['-qfc', bash, '/dev/null']), options);
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#screen += text));
    child.stdin.on('error', () => undefined); // keys pressed in a terminal that has just closed
    this.#child = child;
    t.teardown(() => {
      this.drop();
    });
  }

  /** All output, including the echo of typed text. */
  get screen(): string {
    return this.#screen;
  }

  /** The PID of bash, available after the first prompt. */
  get pid(): string {
    return readFileSync(`${this.#prompts}.pid`, 'utf8').trim();
  }

  /** Presses keys, without Enter. */
  press(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  /** Waits for the first prompt and types a line, without waiting for the command to end. */
  async type(line: string): Promise<void> {
    if (this.#answered === 0) await this.prompt();
    this.press(`${line}\r`);
  }

  /** Waits for the next prompt and returns the exit statuses before it, separated by spaces for a pipeline. */
  async prompt(): Promise<string> {
    const line = await until(`prompt ${String(this.#answered + 1)}\n${this.#screen}`, () => {
      const lines = readFileSync(this.#prompts, 'utf8').split('\n').slice(0, -1);
      return this.#screen.includes(`<${String(this.#answered + 1)}> `) ? lines[this.#answered] : undefined;
    });
    this.#answered += 1;
    return line;
  }

  /** Runs a command line, waits for the next prompt and returns the exit statuses. */
  async command(line: string): Promise<string> {
    await this.type(line);
    return this.prompt();
  }

  /** Imitates a broken connection: closes the terminal, and the kernel sends SIGHUP to bash. */
  drop(): void {
    this.#child.kill('SIGKILL');
    for (const stream of this.#child.stdio) stream?.destroy();
  }

  /**
   * Returns a directory with the programs of this test under the names that users type. Created once, because another bash
   * may be reading the start file.
   */
  #programs(): string {
    const directory = join(this.#box.directory, 'bin');
    if (existsSync(directory)) return directory;
    mkdirSync(directory);
    writeFileSync(join(directory, 'bashrc'), RC);
    symlinkSync(process.execPath, join(directory, 'node'));
    symlinkSync(launcher, join(directory, 'nf-escrow'));
    symlinkSync(this.#box.env['NF_ESCROW_NEXTFLOW'] ?? '', join(directory, 'nextflow'));
    return directory;
  }
}
