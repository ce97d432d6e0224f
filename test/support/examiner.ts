import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Test } from 'tap';
import type { WritablePlace } from '../../daemon/contract/types.ts';
import { asUser, type Account } from './accounts.ts';
import { root, untapped } from './sandbox.ts';

/** A launch that is asked about. */
export interface Asked {
  readonly directory: string;
  readonly nextflow: string;
  readonly arguments: readonly string[];
  /** Octal. */
  readonly umask: string;
  /** In addition to the process's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** The setting trustedOwners. */
  readonly owners?: readonly string[];
}

/** A process of a user that tells what a launch would be told. One for many questions: starts are what takes time. */
export class Examiner {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor(t: Pick<Test, 'teardown'>, account: Account) {
    const program = [process.execPath, join(root, 'dist/test/support/execution-probe.js')];
    const child = spawn(...untapped(...asUser(account, program)), {
      cwd: account.home,
      env: { PATH: process.env['PATH'] },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines: Interface = createInterface({ input: child.stdout });
    this.#child = child;
    this.#answers = lines[Symbol.asyncIterator]();
    t.teardown(() => {
      child.stdin.end();
    });
  }

  async ask(asked: Partial<Asked> & Pick<Asked, 'directory'>): Promise<WritablePlace[]> {
    const nextflow = join(root, 'test/support/bin/nextflow');
    const all: Asked = { nextflow, arguments: ['run', 'org/pipeline'], umask: '022', ...asked };
    this.#child.stdin?.write(`${JSON.stringify(all)}\n`);
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error('the examiner has ended');
    return JSON.parse(answer.value) as WritablePlace[];
  }
}
