import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { EscrowError } from '../errors.ts';
import { SecretValue } from './secret-value.ts';

/** The key that wraps the data keys, and its id, which every encrypted value carries. */
export interface VaultKey {
  readonly id: string;
  readonly bytes: Buffer;
}

/** The context that an encrypted value is bound to. Decryption fails in any other context. */
export interface SealContext {
  readonly ledger: string;
  readonly scope: string;
  /** The secret's id. A secret that is removed and set again gets a new one. */
  readonly secret: string;
  readonly name: string;
  readonly version: number;
}

/** The format of new values. */
const FORMAT = 2;
/** An older format that is not bound to the secret's id. It is still read; the next rekey or set replaces it by FORMAT. */
const FORMAT_WITHOUT_ID = 1;
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID_BYTES = 8;
const WRAPPED_BYTES = IV_BYTES + TAG_BYTES + KEY_BYTES;
const HEAD_BYTES = 1 + KEY_ID_BYTES;

/** Makes a vault key of 32 bytes. Its id is a hash, so that it does not reveal the key. Throws `vault-key-mismatch`. */
export function vaultKey(bytes: Buffer): VaultKey {
  if (bytes.length !== KEY_BYTES)
    throw new EscrowError('vault-key-mismatch', `A vault key must have ${String(KEY_BYTES)} bytes.`);
  return {
    id: createHash('sha256')
      .update('nf-escrow vault key id\0')
      .update(bytes)
      .digest('hex')
      .slice(0, 2 * KEY_ID_BYTES),
    bytes,
  };
}

/**
 * Encrypts a value with a new data key, and the data key with the vault key (AES-256-GCM, envelope encryption).
 *
 * Layout: format (1 byte), key id (8), wrapped data key (iv 12, tag 16, 32), value (iv 12, tag 16, n). Both formats
 * have the same length for the same value, because the ledger overwrites an encrypted value in place.
 */
export function seal(value: SecretValue, context: SealContext, key: VaultKey): Buffer {
  const dataKey = randomBytes(KEY_BYTES);
  const bound = additionalData(FORMAT, context, key.id);
  const head = Buffer.concat([Buffer.from([FORMAT]), Buffer.from(key.id, 'hex')]);
  return Buffer.concat([head, encrypt(dataKey, key.bytes, bound), encrypt(value.open(), dataKey, bound)]);
}

/** Decrypts a value. Throws `vault-key-mismatch` if it needs another key, `secret-corrupt` if it was modified. */
export function open(sealed: Buffer, context: SealContext, key: VaultKey): SecretValue {
  const keyId = sealedWith(sealed);
  const [format] = sealed;
  if (
    (format !== FORMAT && format !== FORMAT_WITHOUT_ID) ||
    sealed.length < HEAD_BYTES + WRAPPED_BYTES + IV_BYTES + TAG_BYTES
  )
    throw damaged(context);
  if (keyId !== key.id) {
    throw new EscrowError(
      'vault-key-mismatch',
      `Cannot decrypt ${context.name}: it is encrypted with key ${keyId}, and the vault has key ${key.id}.`,
    );
  }
  const bound = additionalData(format, context, keyId);
  try {
    const dataKey = decrypt(sealed.subarray(HEAD_BYTES, HEAD_BYTES + WRAPPED_BYTES), key.bytes, bound);
    return new SecretValue(decrypt(sealed.subarray(HEAD_BYTES + WRAPPED_BYTES), dataKey, bound));
  } catch (error) {
    throw damaged(context, error);
  }
}

/** Returns the id of the key that decrypts a value. */
export function sealedWith(sealed: Buffer): string {
  return sealed.subarray(1, HEAD_BYTES).toString('hex');
}

function encrypt(plain: Uint8Array, key: Buffer, bound: Buffer): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES }).setAAD(bound);
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]);
}

function decrypt(box: Buffer, key: Buffer, bound: Buffer): Buffer {
  const tag = box.subarray(IV_BYTES, IV_BYTES + TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, box.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(bound).setAuthTag(tag);
  return Buffer.concat([decipher.update(box.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
}

/** Prefixes each part with its length, so that two different contexts never produce the same bytes. */
function additionalData(format: number, context: SealContext, keyId: string): Buffer {
  const parts = [
    `nf-escrow ${String(format)}`,
    context.ledger,
    context.scope,
    ...(format === FORMAT_WITHOUT_ID ? [] : [context.secret]),
    context.name,
    String(context.version),
    keyId,
  ];
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(part);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

function damaged(context: SealContext, cause?: unknown): EscrowError {
  return new EscrowError(
    'secret-corrupt',
    `Cannot decrypt ${context.name}, version ${String(context.version)}: the value is damaged or was modified.`,
    { cause },
  );
}
