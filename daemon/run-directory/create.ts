import { closeSync, constants, mkdirSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { syncDirectory, writeFileAtomic } from '../system/files/atomic-write.ts';
import { readFileNoFollow } from '../system/files/read-regular-file.ts';
import { step, type FaultInjector } from '../system/steps.ts';
import { storeJson } from './nextflow-format.ts';
import type { Placement } from '../stores/store.ts';

/**
 * Fills a run directory that was just made: what the shim, Nextflow and the plugin find in it (design.md, "The run
 * directory"; plugin/, RunDirectory.java, reads it).
 */
export async function fillRunDirectory(
  directory: string,
  placement: Placement,
  faults: FaultInjector,
): Promise<void> {
  const { run, ledger, workspace, secretDelivery, secrets } = placement;
  const about = { run, ledger, workspace, secrets: [...secrets.keys()], restore: secretDelivery.restore };
  const put = (name: string, data: Uint8Array | string, mode?: number): Promise<void> =>
    step(faults, 'directory.write', () => writeFileAtomic(join(directory, name), data, mode));
  await put('run.json', JSON.stringify(about));
  await step(faults, 'directory.write', () => writeExpiry(directory, placement.expiresAt));
  await put('shim', readFileSync(fileURLToPath(import.meta.resolve('#templates/shim.sh'))), 0o700);
  const text = secretDelivery.plugin === null || secretDelivery.configPhase ? storeJson(secrets) : undefined;
  if (secrets.size > 0 && text !== undefined)
    await step(faults, 'directory.write-secret', () =>
      writePlain(join(directory, 'store.json'), Buffer.from(text)),
    );
  if (secrets.size > 0 && secretDelivery.plugin !== null)
    await writeSecrets(join(directory, 'secrets'), placement, faults);
  for (const [name, text] of Object.entries(placement.files)) await put(name, text);
  // For the plugin: by what AWS finds each secret that is not in here.
  if (placement.references.size > 0)
    await put('references.json', JSON.stringify(Object.fromEntries(placement.references)));
  for (const name of ['process', 'exit'])
    await step(faults, 'directory.write', () => writePlain(join(directory, `reserve.${name}`), RESERVE));
  // Last: until it is there the shim starts nothing.
  await step(faults, 'directory.arm', () => writeFileAtomic(join(directory, 'armed'), ''));
}

/** A file a secret, and beside it how many bytes that has: one that was cut is then never taken for the value. */
async function writeSecrets(directory: string, { secrets }: Placement, faults: FaultInjector): Promise<void> {
  await step(faults, 'directory.make', () => mkdirSync(directory, { mode: 0o700 }));
  for (const [name, value] of secrets) {
    await step(faults, 'directory.write-secret', () => writePlain(join(directory, name), value.open()));
    const size = Buffer.from(`${String(value.open().length)}\n`);
    await step(faults, 'directory.write-secret', () => writePlain(join(directory, `${name}.size`), size));
  }
  await step(faults, 'directory.sync', () => syncDirectory(directory));
}

/** Not synced: a run does not outlive the machine's power, and what is not on the disk need not be removed from it. */
function writePlain(path: string, data: Uint8Array): void {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const fd = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    for (let offset = 0; offset < data.length;) offset += writeSync(fd, data, offset);
  } finally {
    closeSync(fd);
  }
}

/**
 * Room that is put by for what the shim has to tell of a run, such that it can be told though the disk has filled up since:
 * the shim writes over it, and the blanks behind mean nothing. A block of any usual file system.
 */
const RESERVE = Buffer.alloc(4096, ' ');

/** How long a run directory that does not tell its own expiry is left alone, in milliseconds. */
const EXPIRY_MS = 24 * 3600 * 1000;
const EXPIRES = 'expires';
const FILE_MAX = 64 * 1024;

/** Moves on when a run directory may be removed by whoever finds it (ISO 8601, UTC). */
export function writeExpiry(directory: string, expiresAt: string): void {
  writeFileAtomic(join(directory, EXPIRES), `${expiresAt}\n`);
}

/**
 * When a run directory may be removed by whoever finds it (milliseconds since 1970). Its run's tasks can write in it: what
 * is no time says nothing. Undefined: the directory is gone.
 */
export function readExpiry(directory: string): number | undefined {
  let said = NaN;
  try {
    said = Date.parse(readFileNoFollow(join(directory, EXPIRES), FILE_MAX)?.toString('latin1').trim() ?? '');
  } catch {
    said = NaN; // its placing did not come so far, or something else stands there
  }
  if (!Number.isNaN(said)) return said;
  const found = statSync(directory, { throwIfNoEntry: false });
  return found && found.mtimeMs + EXPIRY_MS;
}
