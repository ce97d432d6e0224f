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
import type { OpenKeyService } from './key-service.ts';
import { UnwrappedKeys } from './unwrapped-keys.ts';
import type { VaultKey } from '../encryption.ts';

/** Path of the key file, the command that prints a key, if one is configured, and the service that decrypts keys. */
export interface KeySettings {
  readonly keyFile: string;
  readonly keyCommand: string | undefined;
  /** Whether a missing key file is never created: replicas of a server would create different ones. */
  readonly isFixed?: boolean;
  /** Undefined: the vault of a user, whose keys never come from a service. */
  readonly openService?: OpenKeyService;
}

/**
 * The keys of the vault. Reads the key file on every use, so that a restored or deleted file takes effect immediately.
 * Derived keys stay in memory until the daemon exits.
 */
export class Keys {
  readonly #settings: KeySettings;
  readonly #derived = new Map<string, VaultKey>();
  readonly #unwrapped: UnwrappedKeys;

  constructor(settings: KeySettings) {
    this.#settings = settings;
    this.#unwrapped = new UnwrappedKeys(settings.openService);
  }

  /** Names the ledger of the vault, to which keys of a key service are bound. */
  bindTo(ledger: string): void {
    this.#unwrapped.bindTo(ledger);
  }

  /** Whether replicas of a server have copies of the key file. The ledger then says which key encrypts (`chosen-key.ts`). */
  get isFixed(): boolean {
    return this.#settings.isFixed === true;
  }

  get file(): string {
    return this.#settings.keyFile;
  }

  /** Reads the ring. Returns undefined if there is no key file. */
  ring(): KeyRing | undefined {
    return readRing(this.#settings.keyFile);
  }

  /** Returns a key by id. Throws `vault-key-missing`, `vault-key-mismatch`, `vault-locked`, `vault-key-command-failed`, `vault-kms-failed`. */
  async get(id: string): Promise<VaultKey> {
    const ring = this.ring();
    if (ring === undefined) throw this.#missing();
    const entry = ring.find((one) => idOf(one) === id);
    if (entry !== undefined) return this.#open(entry);
    throw new EscrowError(
      'vault-key-mismatch',
      `The vault is encrypted with key ${id}; "${this.file}" contains key ${ring.map(idOf).join(', ')}.`,
    );
  }

  /** Returns the key that encrypts. Creates the key file if there is none and `create` is set. Throws like `get`. */
  async current(create: boolean): Promise<VaultKey> {
    const mayCreate = create && this.#settings.isFixed !== true;
    const ring = this.ring() ?? (mayCreate ? createRing(this.file) : undefined);
    if (ring === undefined) throw this.#missing();
    return this.#open(ring[0]);
  }

  /** Returns whether this key still encrypts new values. */
  isCurrent({ id }: VaultKey): boolean {
    const entry = this.ring()?.[0];
    return entry !== undefined && idOf(entry) === id;
  }

  /** Derives the keys of the ring that belong to a passphrase. Throws `passphrase-wrong` if there are none. */
  async unlock(passphrase: Buffer): Promise<void> {
    const locked = (this.ring() ?? []).flatMap((entry) => (isPassphrase(entry) ? [entry] : []));
    for (const entry of locked) {
      const key = await deriveKey(passphrase, entry.cost);
      if (key.id === entry.id) this.#derived.set(key.id, key);
    }
    if (!locked.some(({ id }) => this.#derived.has(id)))
      throw new EscrowError(
        'passphrase-wrong',
        locked.length === 0
          ? 'Cannot unlock the vault: it has no passphrase.'
          : 'Cannot unlock the vault: the passphrase is wrong.',
      );
  }

  /**
   * Adds a new key as the first of the ring. The key file is durable when this returns, so that no value is ever
   * encrypted with a key that a crash could lose.
   */
  async add(source: KeySource, passphrase: Buffer | undefined): Promise<VaultKey> {
    const [entry, key] = await this.#make(source, passphrase);
    writeRing(this.file, [entry, ...(this.ring() ?? [])]);
    return key;
  }

  /** Adds a new key as the last of the ring, which encrypts nothing yet. Durable when this returns. */
  async prepare(source: KeySource, passphrase: Buffer | undefined): Promise<VaultKey> {
    const [entry, key] = await this.#make(source, passphrase);
    const [first, ...others] = this.ring() ?? [];
    writeRing(this.file, first === undefined ? [entry] : [first, ...others, entry]);
    return key;
  }

  /**
   * Removes all keys but one, and a prepared one, which encrypts nothing yet. The caller has checked that no value is encrypted with
   * the others.
   */
  dropOthers({ id }: VaultKey, prepared: string | undefined): void {
    const ring = this.ring() ?? [];
    const [first, ...others] = ring.filter((entry) => [id, prepared].includes(idOf(entry)));
    if (first === undefined || others.length + 1 === ring.length) return;
    if ([first, ...others].some((entry) => idOf(entry) === id)) writeRing(this.file, [first, ...others]);
  }

  /** Returns the ids of the keys that can be used now. */
  async usable(): Promise<string[]> {
    const ids: string[] = [];
    for (const entry of this.ring() ?? [])
      try {
        ids.push((await this.#open(entry)).id);
      } catch {
        continue; // its passphrase or the output of its command is missing, or its key service refuses
      }
    return ids;
  }

  /** Returns whether the key that encrypts needs a passphrase that nobody has entered yet. */
  isLocked(): boolean {
    const entry = this.ring()?.[0];
    return entry?.source === 'passphrase' && !this.#derived.has(entry.id);
  }

  async #make(source: KeySource, passphrase: Buffer | undefined): Promise<[RingEntry, VaultKey]> {
    if (source === 'file') {
      const entry = newFileEntry();
      return [entry, entry.key];
    }
    if (source === 'kms') return [...(await this.#unwrapped.create())];
    const phrase = source === 'command' ? await runKeyCommand(this.#settings.keyCommand) : passphrase;
    if (phrase === undefined)
      throw new EscrowError(
        'request-unprocessable',
        'Cannot derive the vault key: the request contains no passphrase.',
      );
    if (phrase.length === 0) throw new EscrowError('passphrase-wrong', 'The passphrase is empty.');
    const cost = newCost();
    const key = await deriveKey(phrase, cost);
    this.#derived.set(key.id, key);
    return [{ source, id: key.id, cost }, key];
  }

  async #open(entry: RingEntry): Promise<VaultKey> {
    if (entry.source === 'file') return entry.key;
    if (entry.source === 'kms') return this.#unwrapped.get(entry);
    const known = this.#derived.get(entry.id);
    if (known !== undefined) return known;
    if (entry.source === 'passphrase')
      throw new EscrowError('vault-locked', 'The vault needs its passphrase.');
    const key = await deriveKey(await runKeyCommand(this.#settings.keyCommand), entry.cost);
    if (key.id !== entry.id)
      throw new EscrowError(
        'vault-key-mismatch',
        'The output of vaultKeyCommand is not the key of this vault.',
        { hint: 'Make vaultKeyCommand print the same output as when the vault was rekeyed.' },
      );
    this.#derived.set(key.id, key);
    return key;
  }

  #missing(): EscrowError {
    return new EscrowError('vault-key-missing', `The vault key file "${this.file}" does not exist.`);
  }
}

function isPassphrase(entry: RingEntry): entry is Extract<RingEntry, { cost: unknown }> {
  return entry.source === 'passphrase';
}
