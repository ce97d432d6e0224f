import { closeSync, constants, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { syncDirectory, writeDurable } from '../host/durable.ts';
import { storeJson } from './nextflow-format.ts';
import type { Placement } from './store.ts';

/**
 * Fills a run directory that was just made: what the shim, Nextflow and the plugin find in it (design.md, "The run
 * directory"; plugin/, RunDirectory.java, reads it).
 */
export function fillRunDirectory(directory: string, placement: Placement): void {
  const { run, ledger, workspace, carrier, secrets } = placement;
  const about = { run, ledger, workspace, secrets: [...secrets.keys()], restore: carrier.restore };
  writeDurable(join(directory, 'run.json'), JSON.stringify(about));
  const shim = readFileSync(fileURLToPath(import.meta.resolve('#templates/shim.sh')));
  writeDurable(join(directory, 'shim'), shim, 0o700);
  const text = carrier.plugin === null || carrier.configPhase ? storeJson(secrets) : undefined;
  if (secrets.size > 0 && text !== undefined) write(join(directory, 'store.json'), Buffer.from(text));
  if (secrets.size > 0 && carrier.plugin !== null) writeSecrets(join(directory, 'secrets'), placement);
  for (const [name, text] of Object.entries(placement.files)) writeDurable(join(directory, name), text);
  // For the plugin: by what AWS finds each secret that is not in here.
  if (placement.references.size > 0)
    writeDurable(
      join(directory, 'references.json'),
      JSON.stringify(Object.fromEntries(placement.references)),
    );
  // Last: until it is there the shim starts nothing.
  writeDurable(join(directory, 'armed'), '');
}

/** A file a secret, and beside it how many bytes that has: one that was cut is then never taken for the value. */
function writeSecrets(directory: string, { secrets }: Placement): void {
  mkdirSync(directory, { mode: 0o700 });
  for (const [name, value] of secrets) {
    write(join(directory, name), value.open());
    write(join(directory, `${name}.size`), Buffer.from(`${String(value.open().length)}\n`));
  }
  syncDirectory(directory);
}

/** Not synced: a run does not outlive the machine's power, and what is not on the disk need not be removed from it. */
function write(path: string, data: Uint8Array): void {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const fd = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    for (let offset = 0; offset < data.length;) offset += writeSync(fd, data, offset);
  } finally {
    closeSync(fd);
  }
}
