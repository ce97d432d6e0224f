// The key files of replicas during a rekey.
import { copyFileSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { TeamServer } from './team-server.ts';

/** Makes a rekey a day old, so that the old key may be removed. The journal permits no changes. */
export const AGE_REKEY = `ALTER TABLE nf_escrow.journal DISABLE TRIGGER ALL;
  UPDATE nf_escrow.journal SET at = '2026-01-01T00:00:00.000Z' WHERE type = 'vault.rekeyed';
  ALTER TABLE nf_escrow.journal ENABLE TRIGGER ALL`;

/** Returns the path of the key file of a server. */
export function keyFileOf({ box }: TeamServer): string {
  return join(box.directory, 'server-key', 'vault.key');
}

/** Returns the lines of the key file of a server, one for each key. */
export function keyLinesOf(server: TeamServer): string[] {
  return readFileSync(keyFileOf(server), 'utf8').trim().split('\n');
}

/** Copies the key file by an atomic rename, because requests to the replica read it at the same time. */
export function copyKeyFile(from: TeamServer, to: TeamServer): void {
  const path = keyFileOf(to);
  copyFileSync(keyFileOf(from), `${path}.new`);
  renameSync(`${path}.new`, path);
}
