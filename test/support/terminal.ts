import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { root, until, untapped, type Sandbox } from './sandbox.ts';

export const CTRL_C = '\x03';
export const CTRL_Z = '\x1a';
export const CTRL_BACKSLASH = '\x1c';

/**
 * At each prompt the statuses of the last command line go to a file, so that the tests need not read them from the
 * screen. The prompt is numbered: when it is shown, so is all that came before it.
 */
const RC = `echo $$ >"$PROMPTS.pid"
PROMPT_COMMAND='printf "%s\\n" "\${PIPESTATUS[*]}" >>"$PROMPTS"; PS1="<$((++prompts))> "'
unset HISTFILE
set +H
`;

/** Whether there is a script(1) that makes pseudo-terminals; else the test is skipped aloud. */
export function canMakeTerminals(t: Test): boolean {
  if (spawnSync('script', ['--version']).status === 0) return true;
  t.pass('skipped', { skip: 'there is no script(1) of util-linux here' });
  return false;
}

/**
 * A person's terminal: an interactive bash in a pseudo-terminal of its own, with `nf-escrow` and `nextflow` on its
 * PATH. Closed with its test.
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
    child.stdin.on('error', () => undefined); // typed into a terminal that has just gone
    this.#child = child;
    t.teardown(() => {
      this.drop();
    });
  }

  /** All that was shown, the echo of what was typed included. */
  get screen(): string {
    return this.#screen;
  }

  /** Of bash, when it has shown a prompt. */
  get pid(): string {
    return readFileSync(`${this.#prompts}.pid`, 'utf8').trim();
  }

  /** Presses keys, without Enter. */
  press(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  /** Types a line when the prompt is there, and does not wait for its end. */
  async type(line: string): Promise<void> {
    if (this.#answered === 0) await this.prompt();
    this.press(`${line}\r`);
  }

  /** The next prompt; gives the statuses of what ended before it, blanks between those of a pipe. */
  async prompt(): Promise<string> {
    const line = await until(`prompt ${String(this.#answered + 1)}\n${this.#screen}`, () => {
      const lines = readFileSync(this.#prompts, 'utf8').split('\n').slice(0, -1);
      return this.#screen.includes(`<${String(this.#answered + 1)}> `) ? lines[this.#answered] : undefined;
    });
    this.#answered += 1;
    return line;
  }

  /** Runs a command line to the next prompt. */
  async command(line: string): Promise<string> {
    await this.type(line);
    return this.prompt();
  }

  /** The connection breaks: the terminal is gone, and the kernel tells bash so. */
  drop(): void {
    this.#child.kill('SIGKILL');
    for (const stream of this.#child.stdio) stream?.destroy();
  }

  /**
   * A directory with the programs of this test, by the names that people type. Made once: another bash may be reading
   * its start file.
   */
  #programs(): string {
    const directory = join(this.#box.directory, 'bin');
    if (existsSync(directory)) return directory;
    mkdirSync(directory);
    writeFileSync(join(directory, 'bashrc'), RC);
    symlinkSync(process.execPath, join(directory, 'node'));
    symlinkSync(join(root, 'dist/daemon/main.js'), join(directory, 'nf-escrow'));
    symlinkSync(this.#box.env['NF_ESCROW_NEXTFLOW'] ?? '', join(directory, 'nextflow'));
    return directory;
  }
}
