import { randomBytes } from 'node:crypto';
import type { LeaseRemoval } from '../contract/types.ts';
import type { Identity } from './identity.ts';

/** A file with values of secrets, as it was delivered, and what became of it. */
export interface SecretFile {
  /** Its path in the run directory. */
  readonly file: string;
  /** The names of the secrets whose values are in it. */
  readonly secrets: readonly string[];
  readonly inode: string;
  /** When the file was made, in nanoseconds since 1970: numbers of inodes are given again. '0' where it is not known. */
  readonly born: string;
  readonly result?: LeaseRemoval['files'][number]['result'];
  /** Names of it that were found outside of the run directory: hard links, or where it had been moved. */
  readonly links?: number;
  /** Where it was found, if it had been moved out of the run directory. */
  readonly movedTo?: string;
  /** Whether another file stood in its place. */
  readonly replaced?: boolean;
}

/** What the ledger knows of a run directory: JSON in the lease's row. */
export interface DirectoryRecord {
  readonly directory: Required<Identity>;
  readonly files: readonly SecretFile[];
  /** Where the directory was found, if it had been moved. */
  readonly movedTo?: string;
  /** What stood in its place. */
  readonly replacedBy?: 'link' | 'file' | 'directory';
  /** The mode with which others could enter it at the end, in octal. */
  readonly openMode?: string;
}

export function parseRecord(record: string | null | undefined): DirectoryRecord | undefined {
  return record == null ? undefined : (JSON.parse(record) as DirectoryRecord);
}

/** What a lease's locator tells: the directory in which the run directory is, and the random text in that. */
export interface Locator {
  readonly parent: Identity;
  readonly marker: string | undefined;
}

/** Writes a locator with a new marker. */
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

/** What the contract tells of a removal; undefined where nothing is recorded. */
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

/** What a person has to know of a removal, as sentences; none where all was as it should be. */
function notesOf({ files, movedTo, replacedBy, openMode }: DirectoryRecord): string[] {
  const notes: string[] = [];
  if (movedTo !== undefined)
    notes.push(`The run directory had been moved to ${movedTo}; it was emptied and removed there.`);
  if (replacedBy !== undefined) notes.push(`Another ${replacedBy} stood in the place of the run directory.`);
  if (openMode !== undefined)
    notes.push(`The run directory had mode ${openMode} at the end: others could enter it.`);
  for (const file of files) notes.push(...notesOfFile(file));
  return notes;
}

function notesOfFile({ file, secrets, result, links = 0, replaced, movedTo }: SecretFile): string[] {
  const names = secrets.join(', ');
  const notes: string[] = [];
  if (replaced === true) notes.push(`${names}: another file stood in the place of ${file}.`);
  if (movedTo !== undefined)
    notes.push(
      `${names}: ${file} had been moved to ${movedTo}; its content was erased, the empty file is left.`,
    );
  else if (links > 0)
    notes.push(
      `${names}: ${file} had ${String(links)} further hard ${links === 1 ? 'link' : 'links'} outside of the run directory; the content was erased, so ${links === 1 ? 'it leads' : 'they lead'} to an empty file.`,
    );
  if (result === 'not-verified')
    notes.push(
      `${names}: not verified: the file that was delivered as ${file} was not found, so it may have been moved. Change the value.`,
    );
  return notes;
}
