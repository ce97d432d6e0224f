import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { Stanza, type Identity, type Recipient } from 'age-encryption';

/** Log2 of the scrypt cost: age's default, and the maximum of the age library (2^20 needs 1 GiB). */
const WORK = 18;
const WORK_MAX = 20;
const R = 8;
const LABEL = 'age-encryption.org/v1/scrypt';
const KEY_BYTES = 32;
const SALT_BYTES = 16;
const TAG_BYTES = 16;
const FILE_KEY_BYTES = 16;

/**
 * Returns an age recipient for a passphrase: https://c2sp.org/age#the-scrypt-recipient-type. The library's own recipient
 * derives the key in JavaScript and blocks the event loop for seconds; Node's scrypt runs in the thread pool.
 */
export function recipientFor(passphrase: string, work = WORK): Recipient {
  return {
    wrapFileKey: async (fileKey) => {
      const salt = randomBytes(SALT_BYTES);
      const key = await derive(passphrase, salt, work);
      const cipher = createCipheriv('chacha20-poly1305', key, Buffer.alloc(12), { authTagLength: TAG_BYTES });
      const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
      return [new Stanza(['scrypt', unpadded(salt), String(work)], body)];
    },
  };
}

/** Returns the age identity for a passphrase. Unwrapping throws for a malformed stanza or a cost above the maximum. */
export function identityFor(passphrase: string): Identity {
  return {
    unwrapFileKey: async (stanzas) => {
      const found = stanzas.find(({ args }) => args[0] === 'scrypt');
      if (found === undefined) return null;
      const [, text = '', work = ''] = found.args;
      const salt = Buffer.from(text, 'base64');
      const fits = /^[1-9][0-9]?$/.test(work) && Number(work) <= WORK_MAX && unpadded(salt) === text;
      // The format requires a scrypt stanza to be the only one, because a passphrase also authenticates the file.
      const isWhole = stanzas.length === 1 && found.args.length === 3 && salt.length === SALT_BYTES;
      if (!fits || !isWhole || found.body.length !== FILE_KEY_BYTES + TAG_BYTES)
        throw new Error('unsupported scrypt stanza');
      return unwrap(found.body, await derive(passphrase, salt, Number(work)));
    },
  };
}

/** Returns null if the passphrase is wrong. */
function unwrap(body: Uint8Array, key: Buffer): Uint8Array | null {
  const cipher = createDecipheriv('chacha20-poly1305', key, Buffer.alloc(12), { authTagLength: TAG_BYTES });
  cipher.setAuthTag(body.subarray(FILE_KEY_BYTES));
  try {
    return Buffer.concat([cipher.update(body.subarray(0, FILE_KEY_BYTES)), cipher.final()]);
  } catch {
    return null;
  }
}

function derive(passphrase: string, salt: Buffer, work: number): Promise<Buffer> {
  const N = 2 ** work;
  return new Promise((resolve, reject) => {
    const labelled = Buffer.concat([Buffer.from(LABEL), salt]);
    scrypt(passphrase, labelled, KEY_BYTES, { N, r: R, p: 1, maxmem: 2 * 128 * N * R }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
