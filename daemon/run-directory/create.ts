import { closeSync, constants, fstatSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { packageFile } from '../package-files.ts';
import type { SecretDelivery } from '../contract/types.ts';
import type { References } from '../stores/store.ts';
import { syncDirectory, writeFileAtomic } from '../system/files/atomic-write.ts';
import { step, type FaultInjector } from '../system/steps.ts';
import type { SecretValue } from '../vault/secret-value.ts';
import { writeExpiry } from './expiry.ts';
import { reservedFiles, reserveName, runFile, runFiles } from './layout.ts';
import { storeJson } from './nextflow-format.ts';
import type { SecretFile } from './record.ts';

/** Facts with which the plugin explains a missing secret and decides whether to provide secrets. */
export interface PluginNotes {
  /** Why the platform cannot carry further secrets of the run, by name, as clauses. */
  readonly undeliverable: ReadonlyMap<string, string>;
  /** Whether the run was started with a selection of secrets. */
  readonly isSelection: boolean;
  /** Whether the run has no secrets of ours, so that Nextflow uses its own store. */
  readonly usesOwnStore: boolean;
}

/** Contents of a new run directory. */
export interface RunDirectoryContents {
  readonly run: string;
  /** Id of the ledger that knows the run. */
  readonly ledger: string;
  /** ORGANIZATION/NAME */
  readonly workspace: string;
  readonly secretDelivery: SecretDelivery;
  /** Values that are delivered in the directory itself. */
  readonly secrets: ReadonlyMap<string, SecretValue>;
  /** Further facts for the plugin. Absent if the plugin is not used. */
  readonly notes?: PluginNotes | undefined;
  /** Locations of the secrets that are delivered elsewhere. */
  readonly references: References;
  /** Authenticates the shim's exit status. Absent if nothing will be started. */
  readonly exitToken?: string | undefined;
  /** Expiry (ISO 8601, UTC). After it, the directory may be removed even if the run's state is unknown. */
  readonly expiresAt: string;
  /** Further files by name, without secrets. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Fills a new run directory and returns the files that contain values. Writes `armed` last: the shim starts nothing before
 * that file exists.
 */
export async function fillRunDirectory(
  directory: string,
  contents: RunDirectoryContents,
  marker: string,
  faults: FaultInjector,
): Promise<SecretFile[]> {
  const { run, ledger, workspace, secretDelivery, secrets, references, notes } = contents;
  const about = {
    ...{ run, ledger, workspace, secrets: [...secrets.keys()], restore: secretDelivery.restore },
    undeliverable: Object.fromEntries(notes?.undeliverable ?? []),
    selection: notes?.isSelection ?? false,
    ownStore: notes?.usesOwnStore ?? false,
  };
  const put = (name: string, data: Uint8Array | string, mode?: number): Promise<void> =>
    step(faults, 'directory.write', () => writeFileAtomic(join(directory, name), data, mode));
  const files: SecretFile[] = [];
  await step(faults, 'directory.write', () => writePlain(runFile(directory, 'marker'), Buffer.from(marker)));
  await put(runFiles.run, JSON.stringify(about));
  await step(faults, 'directory.write', () => writeExpiry(directory, contents.expiresAt));
  await put(runFiles.shim, readFileSync(packageFile('templates/shim.sh')), 0o700);
  const text = secretDelivery.plugin === null || secretDelivery.configPhase ? storeJson(secrets) : undefined;
  if (secrets.size > 0 && text !== undefined)
    await step(faults, 'directory.write-secret', () => {
      const written = writePlain(runFile(directory, 'store'), Buffer.from(text));
      files.push({ file: runFiles.store, secrets: [...secrets.keys()], ...written });
    });
  if (secrets.size > 0 && secretDelivery.plugin !== null)
    files.push(...(await writeSecrets(runFile(directory, 'secrets'), secrets, faults)));
  const inodes = Buffer.from(files.map(({ inode }) => `${inode}\n`).join(''));
  await step(faults, 'directory.write', () => writePlain(runFile(directory, 'inodes'), inodes));
  for (const [name, content] of Object.entries(contents.files)) await put(name, content);
  if (references.size > 0) await put(runFiles.references, JSON.stringify(Object.fromEntries(references)));
  for (const file of reservedFiles)
    await step(faults, 'directory.write', () => writePlain(join(directory, reserveName(file)), RESERVE));
  // Not empty: the shim overwrites a block that exists, which is possible on a full disk.
  await step(faults, 'directory.write', () => writePlain(runFile(directory, 'wake'), Buffer.from('\n')));
  await step(faults, 'directory.arm', () =>
    writeFileAtomic(runFile(directory, 'armed'), `${contents.exitToken ?? ''}\n`),
  );
  return files;
}

/** Writes one file per secret, and its size to a second file, so that a truncated file is never mistaken for the value. */
async function writeSecrets(
  directory: string,
  secrets: RunDirectoryContents['secrets'],
  faults: FaultInjector,
): Promise<SecretFile[]> {
  const files: SecretFile[] = [];
  await step(faults, 'directory.make', () => mkdirSync(directory, { mode: 0o700 }));
  for (const [name, value] of secrets) {
    await step(faults, 'directory.write-secret', () => {
      const written = writePlain(join(directory, name), value.open());
      files.push({ file: join(runFiles.secrets, name), secrets: [name], ...written });
    });
    const size = Buffer.from(`${String(value.open().length)}\n`);
    await step(faults, 'directory.write-secret', () => writePlain(join(directory, `${name}.size`), size));
  }
  await step(faults, 'directory.sync', () => syncDirectory(directory));
  return files;
}

/** Writes without fsync. A run does not survive a power loss, and unsynced values need no removal from the disk. */
function writePlain(path: string, data: Uint8Array): Pick<SecretFile, 'inode' | 'born'> {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const fd = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    for (let offset = 0; offset < data.length;) offset += writeSync(fd, data, offset);
    const { ino, birthtimeNs } = fstatSync(fd, { bigint: true });
    return { inode: String(ino), born: String(birthtimeNs) };
  } finally {
    closeSync(fd);
  }
}

/** One block of any common file system. The shim overwrites it in place. Trailing blanks have no meaning. */
const RESERVE = Buffer.alloc(4096, ' ');
