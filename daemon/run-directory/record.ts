import { randomBytes } from 'node:crypto';
import type { LeaseRemoval } from '../contract/types.ts';
import { count } from '../system/count.ts';
import type { Identity } from './identity.ts';

/** A delivered file with values, and the result of its erasure. */
export interface SecretFile {
  /** Its path in the run directory. */
  readonly file: string;
  /** The names of the secrets whose values are in it. */
  readonly secrets: readonly string[];
  readonly inode: string;
  /** Birth time in nanoseconds since 1970, because inode numbers are reused. '0' if unknown. */
  readonly born: string;
  readonly result?: LeaseRemoval['files'][number]['result'];
  /** Number of names outside the run directory: hard links, or its new path if it was moved. */
  readonly links?: number;
  /** The path where it was found, if it was moved out of the run directory. */
  readonly movedTo?: string;
  /** Whether another file had replaced it. */
  readonly replaced?: boolean;
}

/** The ledger's record of a run directory: JSON in the row of its lease. */
export interface DirectoryRecord {
  readonly directory: Required<Identity>;
  readonly files: readonly SecretFile[];
  /** The path where the directory was found, if it was moved. */
  readonly movedTo?: string;
  /** The kind of entry that had replaced it. */
  readonly replacedBy?: 'link' | 'file' | 'directory';
  /** The mode at the end, in octal, if other users could enter the directory. */
  readonly openMode?: string;
}

export function parseRecord(record: string | null | undefined): DirectoryRecord | undefined {
  return record == null ? undefined : (JSON.parse(record) as DirectoryRecord);
}

/** Content of a lease's locator: the parent of the run directory, and the run directory's marker. */
export interface Locator {
  readonly parent: Identity;
  readonly marker: string | undefined;
}

/** Creates a locator with a new marker. */
export function newLocator({ inode, device, type, boot }: Required<Identity>): string {
  const marker = randomBytes(16).toString('hex');
  return `inode ${inode} device ${device} type ${type} boot ${boot} marker ${marker}`;
}

export function parseLocator(locator: string | null): Locator | undefined {
  if (locator === null) return undefined;
  const words = locator.split(' ');
  const after = (word: string): string | undefined => {
    const index = words.indexOf(word);
    return index < 0 ? undefined : words[index + 1];
  };
  const [inode, device, type, boot] = ['inode', 'device', 'type', 'boot'].map(after);
  const parent = {
    inode: inode ?? '',
    ...(device === undefined || type === undefined || boot === undefined ? {} : { device, type, boot }),
  };
  return { parent, marker: after('marker') };
}

/** Describes a removal as the contract shows it. Undefined if nothing is recorded. */
export function describeRemoval(record: string | null): LeaseRemoval | undefined {
  const known = parseRecord(record);
  if (known === undefined) return undefined;
  return {
    files: known.files.map(({ file, secrets, result, links = 0, replaced = false, movedTo }) => ({
      file,
      secrets: [...secrets],
      result: result ?? 'pending',
      links,
      replaced,
      movedTo: movedTo ?? null,
    })),
    notes: notesOf(known),
  };
}

/** Returns what a person should know about a removal, as sentences. Empty if nothing unusual happened. */
function notesOf({ files, movedTo, replacedBy, openMode }: DirectoryRecord): string[] {
  const notes: string[] = [];
  if (movedTo !== undefined)
    notes.push(`The run directory was moved to ${movedTo}. It was emptied and removed there.`);
  if (replacedBy !== undefined) notes.push(`Another ${replacedBy} had replaced the run directory.`);
  if (openMode !== undefined)
    notes.push(`The run directory had mode ${openMode} at the end, so other users could enter it.`);
  for (const file of files) notes.push(...notesOfFile(file));
  return notes;
}

function notesOfFile({ file, secrets, result, links = 0, replaced, movedTo }: SecretFile): string[] {
  const names = secrets.join(', ');
  const notes: string[] = [];
  if (replaced === true) notes.push(`${names}: another file had replaced ${file}.`);
  if (movedTo !== undefined)
    notes.push(`${names}: ${file} was moved to ${movedTo}. Its content is erased; the empty file remains.`);
  else if (links > 0)
    notes.push(
      `${names}: ${file} had ${count(links, 'further hard link')} outside the run directory. The content is erased, so ${links === 1 ? 'it leads' : 'they lead'} to an empty file.`,
    );
  if (result === 'not-verified')
    notes.push(
      `${names}: not verified: the delivered file ${file} was not found and may have been moved. Rotate the secret.`,
    );
  return notes;
}
