import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { EscrowError } from '../errors.ts';
import { SecretValue } from './secret-value.ts';

/** The key that wraps the data keys, and the name by which sealed values say which key they need. */
export interface VaultKey {
  readonly id: string;
  readonly bytes: Buffer;
}

/** What a sealed value is bound to: it opens in no other ledger, scope, secret, name or version. */
export interface SealContext {
  readonly ledger: string;
  readonly scope: string;
  /** The secret's id: one that is removed and set again has another. */
  readonly secret: string;
  readonly name: string;
  readonly version: number;
}

/** The format that is written. */
const FORMAT = 2;
/** As FORMAT, but not bound to the secret's id. Such a value opens, and is FORMAT from its next rekey or set on. */
const FORMAT_WITHOUT_ID = 1;
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID_BYTES = 8;
const WRAPPED_BYTES = IV_BYTES + TAG_BYTES + KEY_BYTES;
const HEAD_BYTES = 1 + KEY_ID_BYTES;

export function vaultKey(bytes: Buffer): VaultKey {
  if (bytes.length !== KEY_BYTES)
    throw new EscrowError('vault-key-mismatch', `A vault key has ${String(KEY_BYTES)} bytes.`);
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
 * Seals a value: AES-256-GCM under a data key of its own, that key under the vault key.
 *
 * Layout: format (1 byte), key id (8), wrapped data key (iv 12, tag 16, 32), value (iv 12, tag 16, n). Both formats have
 * the same length for the same value: the ledger replaces a sealed value only by one of its length.
 */
export function seal(value: SecretValue, context: SealContext, key: VaultKey): Buffer {
  const dataKey = randomBytes(KEY_BYTES);
  const bound = additionalData(FORMAT, context, key.id);
  const head = Buffer.concat([Buffer.from([FORMAT]), Buffer.from(key.id, 'hex')]);
  return Buffer.concat([head, encrypt(dataKey, key.bytes, bound), encrypt(value.open(), dataKey, bound)]);
}

/** Opens a sealed value. Throws `vault-key-mismatch` where it needs another key, `secret-corrupt` where a bit has changed. */
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
      `${context.name} is sealed with the key ${keyId}; the vault has ${key.id}.`,
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

/** The id of the key that a sealed value needs. */
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

/** Each part with its length before it, so that no two contexts give the same bytes. */
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
    `The sealed value of ${context.name}, version ${String(context.version)}, does not open.`,
    { cause },
  );
}
