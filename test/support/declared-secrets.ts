import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { Sandbox, type Ended } from './sandbox.ts';

/** Returns a pipeline of three processes. FIRST would run at once, and LAST declares `secrets`. */
export const pipeline = (secrets: readonly string[], channel = 'SECOND.out'): string => `
process FIRST {
  output:
  stdout
  script:
  'touch "$DONE/first"; echo first'
}
process SECOND {
  secret 'GOOD_KEY'
  input:
  val x
  output:
  stdout
  script:
  'printf %s "$GOOD_KEY" >"$DONE/second"; echo second'
}
process LAST {
${secrets.map((name) => `  secret '${name}'`).join('\n')}
  input:
  val x
  script:
  'touch "$DONE/last"'
}
workflow {
  FIRST()
  SECOND(FIRST.out)
  LAST(${channel})
}
`;

/** A sandbox with a real Nextflow. */
interface Place {
  readonly box: Sandbox;
  /** Runs a pipeline. `done`: the tasks that have run. `second`: the value that SECOND received. */
  readonly run: (
    script: string,
    more?: { readonly options?: readonly string[]; readonly env?: Record<string, string> },
  ) => Promise<{ readonly ended: Ended; readonly done: string[]; readonly second: string | undefined }>;
}

/** Returns a sandbox with a real Nextflow. */
export function place(t: Test, nextflow: string): Place {
  const box = new Sandbox(t, nextflow);
  return {
    box,
    run: async (script, { options = [], env = {} } = {}) => {
      writeFileSync(join(box.launch, 'main.nf'), script);
      const directory = mkdtempSync(join(box.directory, 'done-'));
      const ended = await box.escrow(['run', ...options, 'main.nf'], { env: { DONE: directory, ...env } });
      const done = readdirSync(directory).sort();
      const second = done.includes('second') ? readFileSync(join(directory, 'second'), 'utf8') : undefined;
      return { ended, done, second };
    },
  };
}

/** Sets a secret of the default workspace. */
export async function set(t: Test, box: Sandbox, name: string, input: string): Promise<void> {
  t.equal((await box.escrow(['secrets', 'set', name], { input })).status, 0);
}

/** Returns a random value that every delivery carries. */
export const newValue = (): string => randomBytes(12).toString('hex');

/** Returns everything that a command printed. */
export const output = ({ stdout, stderr }: Ended): string => `${stdout}${stderr}`;
