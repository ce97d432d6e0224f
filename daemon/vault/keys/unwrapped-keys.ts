import { EscrowError } from '../../errors.ts';
import { vaultKey, type VaultKey } from '../encryption.ts';
import type { WrappedEntry } from './key-ring.ts';
import type { KeyService, OpenKeyService } from './key-service.ts';

/** Time after a failure in which the service is not asked again: every request to a server needs the key. */
const PAUSE_MS = 5000;

interface Failure {
  readonly error: unknown;
  readonly at: number;
}

/** The keys that a key service has decrypted. They are kept in memory until the process exits, and never written anywhere. */
export class UnwrappedKeys {
  readonly #openService: OpenKeyService | undefined;
  #ledger: string | undefined;
  /** By id. Requests that need a key at the same time share one request to the service. */
  readonly #keys = new Map<string, Promise<VaultKey>>();
  readonly #failures = new Map<string, Failure>();

  constructor(openService: OpenKeyService | undefined) {
    this.#openService = openService;
  }

  /** Names the ledger whose keys these are. */
  bindTo(ledger: string): void {
    this.#ledger = ledger;
  }

  /**
   * Creates a key, and decrypts it once: a key that the service would refuse to decrypt later must not encrypt anything. Throws
   * errors of the service.
   */
  async create(): Promise<readonly [WrappedEntry, VaultKey]> {
    const [service, ledger] = await this.#service();
    const wrapped = await service.create(ledger);
    const key = vaultKey(await service.unwrap(wrapped, ledger));
    this.#keys.set(key.id, Promise.resolve(key));
    return [{ source: 'kms', id: key.id, wrapped }, key];
  }

  /** Returns the key of an entry. Throws errors of the service, and `vault-key-mismatch`. */
  async get(entry: WrappedEntry): Promise<VaultKey> {
    const { id } = entry;
    const known = this.#keys.get(id);
    if (known !== undefined) return known;
    const failure = this.#failures.get(id);
    if (failure !== undefined && performance.now() - failure.at < PAUSE_MS) throw failure.error;
    const unwrapping = this.#unwrap(entry);
    this.#keys.set(id, unwrapping);
    try {
      const key = await unwrapping;
      this.#failures.delete(id);
      return key;
    } catch (error) {
      this.#keys.delete(id);
      this.#failures.set(id, { error, at: performance.now() });
      throw error;
    }
  }

  async #unwrap({ id, wrapped }: WrappedEntry): Promise<VaultKey> {
    const [service, ledger] = await this.#service();
    const key = vaultKey(await service.unwrap(wrapped, ledger));
    if (key.id === id) return key;
    throw new EscrowError(
      'vault-key-mismatch',
      `The key file names the vault key ${id}, but AWS KMS has decrypted the key ${key.id}.`,
    );
  }

  async #service(): Promise<readonly [KeyService, string]> {
    if (this.#openService === undefined || this.#ledger === undefined)
      throw new EscrowError(
        'vault-key-mismatch',
        'The vault key comes from AWS KMS, which only a team server can use.',
        { hint: 'Use the key file of this vault. A vault of a user never has a key of AWS KMS.' },
      );
    return [await this.#openService(), this.#ledger];
  }
}
