import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { EscrowError } from '../../errors.ts';
import { createFileAtomic, removeTemporaryFiles } from '../../system/files/atomic-write.ts';
import { assertPrivateFile, inPrivateDirectory } from '../../system/files/private-directory.ts';

const BYTES = 32;
const KEY = /^[0-9a-f]{64}$/;

/**
 * Returns the key of request fingerprints, and creates its file on first use. The file is not in the state directory: a
 * request can contain secret values, which could be guessed from a copy of the ledger that includes the key. Throws
 * `permissions-too-open`, `path-conflict`, `vault-key-mismatch`, and Node's system error.
 */
export function readRequestKey(path: string): Buffer {
  const text = inPrivateDirectory(
    path,
    (entry) => {
      removeTemporaryFiles(entry);
      createFileAtomic(entry, randomBytes(BYTES).toString('hex')); // keeps an existing file
      assertPrivateFile(entry);
      return readFileSync(entry, 'utf8');
    },
    { create: true },
  );
  if (KEY.test(text)) return Buffer.from(text, 'hex');
  throw new EscrowError('vault-key-mismatch', `The file "${path}" contains no key of request fingerprints.`);
}
