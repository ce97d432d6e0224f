import { randomBytes, scrypt } from 'node:crypto';
import { EscrowError } from '../../errors.ts';
import { vaultKey, type VaultKey } from '../encryption.ts';

/** What it costs to derive a key with scrypt (RFC 7914): `n` is a power of two; memory is 128 * n * r bytes. */
export interface Cost {
  readonly n: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
}

/** OWASP's first choice for scrypt: 128 MiB, some 0.4 s. */
const DEFAULT = { n: 2 ** 17, r: 8, p: 1 };
const MEMORY_MAX = 512 * 1024 * 1024;

/** A new cost with a salt of its own; or a read one, refused where deriving by it would take the machine's memory. */
export function newCost(read?: Cost): Cost {
  const cost = read ?? { ...DEFAULT, salt: randomBytes(16) };
  const sane = Number.isInteger(Math.log2(cost.n)) && cost.n > 1 && cost.r > 0 && cost.p > 0 && cost.p <= 16;
  if (!sane || memoryOf(cost) > MEMORY_MAX)
    throw new EscrowError('vault-key-mismatch', 'The key file asks for a derivation that cannot be made.');
  return cost;
}

/** Derives a vault key from a passphrase, or from what a command printed. */
export function deriveKey(phrase: Buffer, { n, r, p, salt }: Cost): Promise<VaultKey> {
  return new Promise((resolve, reject) => {
    const limits = { N: n, r, p, maxmem: 2 * MEMORY_MAX };
    scrypt(phrase, salt, 32, limits, (error, bytes) => {
      if (error === null) resolve(vaultKey(bytes));
      else reject(error);
    });
  });
}

function memoryOf({ n, r }: Cost): number {
  return 128 * n * r;
}
