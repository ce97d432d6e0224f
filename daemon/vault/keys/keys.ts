import { EscrowError } from '../../errors.ts';
import { deriveKey, newCost } from './derive-key.ts';
import { runKeyCommand } from './key-command.ts';
import {
  createRing,
  idOf,
  newFileEntry,
  readRing,
  writeRing,
  type KeyRing,
  type KeySource,
  type RingEntry,
} from './key-ring.ts';
import type { VaultKey } from '../encryption.ts';

/** Where the keys lie, and the command that gives one, where there is such a command. */
export interface KeySettings {
  readonly keyFile: string;
  readonly keyCommand: string | undefined;
}

/**
 * The keys of the vault. The key file is read afresh each time, so that one that was put back, or taken away, counts
 * at once; keys that had to be derived stay in memory until the daemon ends.
 */
export class Keys {
  readonly #settings: KeySettings;
  readonly #derived = new Map<string, VaultKey>();

  constructor(settings: KeySettings) {
    this.#settings = settings;
  }

  get file(): string {
    return this.#settings.keyFile;
  }

  /** The ring; undefined where there is no key file. */
  ring(): KeyRing | undefined {
    return readRing(this.#settings.keyFile);
  }

  /** The key with this id. Throws `vault-key-missing`, `vault-key-mismatch`, `vault-locked`, `vault-key-command-failed`. */
  async get(id: string): Promise<VaultKey> {
    const ring = this.ring();
    if (ring === undefined) throw new EscrowError('vault-key-missing', `"${this.file}" is not there.`);
    const entry = ring.find((one) => idOf(one) === id);
    if (entry !== undefined) return this.#open(entry);
    throw new EscrowError(
      'vault-key-mismatch',
      `The vault is sealed with the key ${id}; "${this.file}" holds ${ring.map(idOf).join(', ')}.`,
    );
  }

  /** The key that seals. With `create`, one is made where there is none. */
  async current(create: boolean): Promise<VaultKey> {
    const ring = this.ring() ?? (create ? createRing(this.file) : undefined);
    if (ring === undefined) throw new EscrowError('vault-key-missing', `"${this.file}" is not there.`);
    return this.#open(ring[0]);
  }

  /** Whether this is still the key that seals. */
  isCurrent({ id }: VaultKey): boolean {
    const entry = this.ring()?.[0];
    return entry !== undefined && idOf(entry) === id;
  }

  /** Derives the keys that a passphrase opens. Throws `passphrase-wrong` when it opens none. */
  async unlock(passphrase: Buffer): Promise<void> {
    const locked = (this.ring() ?? []).flatMap((entry) => (isPassphrase(entry) ? [entry] : []));
    for (const entry of locked) {
      const key = await deriveKey(passphrase, entry.cost);
      if (key.id === entry.id) this.#derived.set(key.id, key);
    }
    if (!locked.some(({ id }) => this.#derived.has(id)))
      throw new EscrowError(
        'passphrase-wrong',
        locked.length === 0 ? 'This vault has no passphrase.' : 'The passphrase does not open the vault.',
      );
  }

  /** Puts a new key before the others of the ring: durable when this returns, and before anything is sealed with it. */
  async add(source: KeySource, passphrase: Buffer | undefined): Promise<VaultKey> {
    const [entry, key] = await this.#make(source, passphrase);
    writeRing(this.file, [entry, ...(this.ring() ?? [])]);
    return key;
  }

  /** Drops all keys but the first, once nothing is sealed with them any more. */
  dropOld(): void {
    const ring = this.ring();
    if (ring !== undefined && ring.length > 1) writeRing(this.file, [ring[0]]);
  }

  /** Whether the key that seals can be had without asking a person. */
  isLocked(): boolean {
    const entry = this.ring()?.[0];
    return entry?.source === 'passphrase' && !this.#derived.has(entry.id);
  }

  async #make(source: KeySource, passphrase: Buffer | undefined): Promise<[RingEntry, VaultKey]> {
    if (source === 'file') {
      const entry = newFileEntry();
      return [entry, entry.key];
    }
    const phrase = source === 'command' ? await runKeyCommand(this.#settings.keyCommand) : passphrase;
    if (phrase === undefined)
      throw new EscrowError(
        'request-invalid',
        'A key that is derived from a passphrase takes the passphrase.',
      );
    if (phrase.length === 0) throw new EscrowError('passphrase-wrong', 'A passphrase cannot be empty.');
    const cost = newCost();
    const key = await deriveKey(phrase, cost);
    this.#derived.set(key.id, key);
    return [{ source, id: key.id, cost }, key];
  }

  async #open(entry: RingEntry): Promise<VaultKey> {
    if (entry.source === 'file') return entry.key;
    const known = this.#derived.get(entry.id);
    if (known !== undefined) return known;
    if (entry.source === 'passphrase')
      throw new EscrowError('vault-locked', 'The vault waits for its passphrase.');
    const key = await deriveKey(await runKeyCommand(this.#settings.keyCommand), entry.cost);
    if (key.id !== entry.id)
      throw new EscrowError('vault-key-mismatch', 'What the command printed is not the key of this vault.');
    this.#derived.set(key.id, key);
    return key;
  }
}

function isPassphrase(entry: RingEntry): entry is Extract<RingEntry, { id: string }> {
  return entry.source === 'passphrase';
}
