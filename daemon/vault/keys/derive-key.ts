import { randomBytes, scrypt } from 'node:crypto';
import { EscrowError } from '../../errors.ts';
import { vaultKey, type VaultKey } from '../encryption.ts';

/** Parameters of scrypt (RFC 7914). `n` is a power of two. The derivation needs 128 * n * r bytes of memory. */
export interface Cost {
  readonly n: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
}

/** OWASP's first recommendation for scrypt: 128 MiB, about 0.4 s. */
const DEFAULT = { n: 2 ** 17, r: 8, p: 1 };
const MEMORY_MAX = 512 * 1024 * 1024;

/**
 * Returns default parameters with a new salt, or validates parameters that were read from a file. Throws
 * `vault-key-mismatch` for parameters that are invalid or would need more than 512 MiB.
 */
export function newCost(read?: Cost): Cost {
  const cost = read ?? { ...DEFAULT, salt: randomBytes(16) };
  const sane = Number.isInteger(Math.log2(cost.n)) && cost.n > 1 && cost.r > 0 && cost.p > 0 && cost.p <= 16;
  if (!sane || memoryOf(cost) > MEMORY_MAX)
    throw new EscrowError('vault-key-mismatch', 'The vault key file contains invalid scrypt parameters.');
  return cost;
}

/** Derives a vault key from a passphrase or from the output of the key command. */
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
