// nf-escrow with a daemon that compares each response with the description of its operation, and fails if they differ.
import { realpathSync } from 'node:fs';
import { main } from '../../daemon/main.ts';

const path = import.meta.filename;
const args = process.argv.slice(2);
if (realpathSync(process.argv[1] ?? '') === path) void start(); // never rejects

/** Only the daemon loads the check: each command would pay for it. */
async function start(): Promise<void> {
  const service =
    args[0] === 'daemon' ? { observe: (await import('./check-response.ts')).checkResponse } : {};
  await main({ path, service }, args);
}
