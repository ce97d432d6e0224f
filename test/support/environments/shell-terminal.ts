import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { Process } from '../../../daemon/contract/types.ts';
import { launcher, until, untapped, type Sandbox } from '../sandbox.ts';

/** Interactive shells without the files of this machine's users. */
export const SHELLS: readonly (readonly [name: string, command: string])[] = [
  ['bash', 'bash --norc -i'],
  ['zsh', 'zsh -f -i'],
  ['dash', 'dash -i'],
  ['fish', 'fish --no-config -i'],
  ['tcsh', 'tcsh -f'],
];

/** An interactive shell in a separate terminal. Tests see what it did by the files that its commands create. */
export class ShellTerminal {
  readonly #box: Sandbox;
  readonly #child: ChildProcess;
  #screen = '';
  #marks = 0;

  constructor(t: Test, box: Sandbox, command: string) {
    this.#box = box;
    const bin = join(box.directory, 'terminal-bin');
    if (!existsSync(bin)) {
      mkdirSync(bin);
      symlinkSync(launcher, join(bin, 'nf-escrow'));
    }
    const env = {
      ...box.env,
      PATH: `${bin}:${box.env['PATH'] ?? ''}`,
      NF_ESCROW_NODE: process.execPath,
      TERM: 'dumb',
      SHELL: '/bin/sh',
    };
    const options = { cwd: box.launch, env, detached: true, stdio: 'pipe' } as const;
    const child = spawn(...untapped('script', ['-qfc', `exec ${command}`, '/dev/null']), options);
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#screen += text));
    child.stdin.on('error', () => undefined);
    this.#child = child;
    t.teardown(() => {
      this.drop();
    });
  }

  /** All output. */
  get screen(): string {
    return this.#screen;
  }

  press(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  type(line: string): void {
    this.press(`${line}\r`);
  }

  /** Waits until the shell executes a command, so that it has shown its prompt. Types it again if the shell discarded its input. */
  async answers(what: string): Promise<void> {
    const mark = join(this.#box.launch, `.mark${String((this.#marks += 1))}`);
    let typed = 0;
    await until(`${what}\n${this.#screen}`, () => {
      if (existsSync(mark)) return true;
      if (performance.now() - typed > 3000) {
        typed = performance.now();
        this.type(`touch ${mark}`);
      }
      return undefined;
    });
  }

  /** Closes the terminal, as a broken connection does: the kernel sends SIGHUP to the shell and its foreground job. */
  drop(): void {
    this.#child.kill('SIGKILL');
    for (const stream of this.#child.stdio) stream?.destroy();
  }
}

/** Returns the process of the only live run's head, as soon as it is known. */
export async function headOfRun(box: Sandbox): Promise<number> {
  const runs = join(box.state, 'runs');
  return until('the head is known', () => {
    for (const id of existsSync(runs) ? readdirSync(runs) : []) {
      try {
        return (JSON.parse(readFileSync(join(runs, id, 'process'), 'utf8')) as Process).pid;
      } catch {
        continue; // not started yet
      }
    }
    return undefined;
  });
}

/** Returns the command lines of processes in the sandbox, without its daemon. */
export function processesIn(box: Sandbox): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        return environment.includes(`NF_ESCROW_HOME=${box.state}`) && command !== '' ? [command] : [];
      } catch {
        return []; // it has ended
      }
    })
    .filter((command) => !command.includes(' daemon run'));
}

/** Writes a pipeline for the fake nextflow that waits for the file `go`, and creates `here` and `done`. */
export function writeHold(box: Sandbox): string {
  const path = join(box.launch, 'hold');
  writeFileSync(
    path,
    '#!/bin/bash\necho output-of-the-run; touch here; while [ ! -e go ]; do sleep 0.1; done; touch done\n',
    {
      mode: 0o755,
    },
  );
  return './hold';
}
