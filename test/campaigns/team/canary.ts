import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';

/** Values that can be recognized anywhere: each contains the same random text. */
export class Canaries {
  readonly #common = randomBytes(12).toString('hex');
  #count = 0;

  /** Returns a value that no other has. */
  next(): string {
    return `canary-${this.#common}-${(this.#count += 1).toString(16)}`;
  }

  /** Returns the files in directories that contain a value, in clear text or encoded in base64 or hexadecimal. */
  filesIn(directories: readonly string[]): string[] {
    const { status, stdout, stderr } = spawnSync(
      'grep',
      ['--recursive', '--text', '--fixed-strings', '--files-with-matches', '--file=-', ...directories],
      { input: `${this.#needles().join('\n')}\n`, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } },
    );
    // 2: a file could not be read, such as a socket, or one that was removed meanwhile.
    if (status === null || (status === 2 && !/: No such (?:file|device)/.test(stderr)))
      throw new Error(`grep: ${stderr}`);
    return stdout.split('\n').filter(Boolean);
  }

  #needles(): string[] {
    const text = Buffer.from(this.#common);
    const encoded = [0, 1, 2].map((shift) => {
      const shifted = Buffer.concat([Buffer.alloc(shift), text]).toString('base64');
      return shifted.slice(shift === 0 ? 0 : 4, -4); // without the characters that depend on adjacent bytes
    });
    return [this.#common, text.toString('hex'), ...encoded];
  }
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
