// node scripts/check-package.mjs, after the build: checks with publint what `npm publish` would upload.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { root, run, runDriver } from './steps.mjs';

runDriver(async () => {
  const directory = mkdtempSync(join(tmpdir(), 'nf-escrow-package-'));
  try {
    run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', directory], {
      stdio: ['ignore', 'ignore', 2],
    });
    const [name] = readdirSync(directory);
    const tarball = Uint8Array.from(readFileSync(join(directory, name))).buffer;
    const { messages, pkg } = await publint({ pack: { tarball }, level: 'suggestion', strict: true });
    for (const message of messages) process.stderr.write(`package.json: ${formatMessage(message, pkg)}\n`);
    return messages.length === 0 ? 0 : 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
