/** A vault key that a key service has encrypted. It is not secret. */
export interface WrappedKey {
  /** ARN of the key of the service that encrypts it. */
  readonly keyArn: string;
  readonly blob: Buffer;
}

/**
 * A service that creates vault keys and encrypts them with a key that never leaves it. The ledger is a part of the encryption: a
 * wrapped key that was copied to another ledger cannot be decrypted there.
 */
export interface KeyService {
  /** Creates a random vault key of 32 bytes and encrypts it for a ledger. Throws `vault-kms-failed`, `config-invalid`. */
  create(ledger: string): Promise<WrappedKey>;
  /** Decrypts a vault key of a ledger. Throws `vault-kms-failed`, and `vault-key-mismatch` for a key of another ledger. */
  unwrap(wrapped: WrappedKey, ledger: string): Promise<Buffer>;
}

/** Loads the service when it is first needed. */
export type OpenKeyService = () => Promise<KeyService>;
