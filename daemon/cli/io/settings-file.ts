import { readFileSync } from 'node:fs';
import { parseDocument, Document, isMap } from 'yaml';
import { systemCode } from '../../errors.ts';
import type { SettingKey } from '../../config/setting-keys.ts';
import { writeFileAtomic } from '../../system/files/atomic-write.ts';
import { inPrivateDirectory } from '../../system/files/private-directory.ts';

/** Writes a setting to the configuration file and preserves comments and order. undefined removes the setting. */
export function writeSetting(path: string, key: SettingKey, value: string | undefined): void {
  const document = readDocument(path);
  if (value === undefined) document.delete(key);
  else document.set(key, value);
  inPrivateDirectory(path, (entry) => writeFileAtomic(entry, document.toString()), { create: true });
}

function readDocument(path: string): Document {
  try {
    const document: Document = parseDocument(readFileSync(path, 'utf8'));
    // A file with only comments or an empty value. The comments are preserved.
    if (!isMap(document.contents)) document.contents = document.createNode({});
    return document;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return new Document({});
    throw error;
  }
}
