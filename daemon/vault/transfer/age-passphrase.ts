import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { Stanza, type Identity, type Recipient } from 'age-encryption';

/** age's own default, and the most that its library takes: 2^20 are 1 GiB. */
const WORK = 18;
const WORK_MAX = 20;
const R = 8;
const LABEL = 'age-encryption.org/v1/scrypt';
const KEY_BYTES = 32;
const SALT_BYTES = 16;
const TAG_BYTES = 16;
const FILE_KEY_BYTES = 16;

/**
 * A passphrase as age's format has it: https://c2sp.org/age#the-scrypt-recipient-type. The library's own derives its key
 * in JavaScript on the one thread that there is, for seconds; Node's does in another one, and the daemon watches on.
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

/** Opens what was encrypted with a passphrase. Throws for a file that nobody may ask us to open. */
export function identityFor(passphrase: string): Identity {
  return {
    unwrapFileKey: async (stanzas) => {
      const found = stanzas.find(({ args }) => args[0] === 'scrypt');
      if (found === undefined) return null;
      const [, text = '', work = ''] = found.args;
      const salt = Buffer.from(text, 'base64');
      const fits = /^[1-9][0-9]?$/.test(work) && Number(work) <= WORK_MAX && unpadded(salt) === text;
      // The format's rule: whoever knows a passphrase is the only one who can have written the file.
      const isWhole = stanzas.length === 1 && found.args.length === 3 && salt.length === SALT_BYTES;
      if (!fits || !isWhole || found.body.length !== FILE_KEY_BYTES + TAG_BYTES)
        throw new Error('the scrypt stanza is not one that can be opened');
      return unwrap(found.body, await derive(passphrase, salt, Number(work)));
    },
  };
}

/** Null where the passphrase is another one. */
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
