// Tests start nf-escrow as other users, who must be able to enter and read the checkout.
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root, run, say } from './steps.mjs';

const PREFIX = 'nf-escrow-checkout-';
/** One file or directory for each part of the checkout, because its parts are made by git, npm and the build. */
const SAMPLES = ['package.json', 'test/support/bin/nextflow', 'dist/daemon/main.js', 'node_modules/tap'];

/**
 * Calls `work` with the directory of the checkout, or of a copy if the tests can start programs as other users who cannot read the
 * checkout. Removes the copy afterwards, and copies that a killed process left.
 */
export async function withEnterableCheckout(work) {
  removeLeftCopies();
  if (process.geteuid() !== 0 || SAMPLES.every((path) => canOthersRead(join(root, path)))) return work(root);
  const copy = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  say(`copying the checkout to ${copy}, because other users cannot read ${root}`);
  try {
    run('cp', ['-a', `${root}/.`, copy]);
    run('chmod', ['-R', 'a+rX,go-w', copy]);
    return await work(copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Returns whether users other than the owner and the group can read a file or directory, and enter each directory above it. */
function canOthersRead(path) {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) return true; // not part of this checkout
  const need = status.isDirectory() ? 0o5 : 0o4;
  if ((status.mode & need) !== need) return false;
  for (let at = dirname(path); ; at = dirname(at)) {
    if ((statSync(at).mode & 0o1) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

function removeLeftCopies() {
  for (const name of readdirSync(tmpdir())) {
    const [, pid] = new RegExp(`^${PREFIX}(\\d+)-`).exec(name) ?? [];
    const path = join(tmpdir(), name);
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    if (statSync(path).uid === process.geteuid()) rmSync(path, { recursive: true, force: true });
  }
}
