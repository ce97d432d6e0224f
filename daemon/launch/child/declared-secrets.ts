import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isSecretName } from '../../contract/secret-name.ts';
import { readRegularFile } from '../../system/files/read-regular-file.ts';
import type { DeclaredProcess } from './tasks.ts';

/** Limits of the scripts that are read. */
const ENTRIES_MAX = 20_000;
const BYTES_MAX = 16 * 1024 * 1024;
const FILE_MAX = 1024 * 1024;
const LEVELS_MAX = 8;
const PROCESSES_MAX = 1000;
const SECRETS_MAX = 100;

const PROCESS = /^\s{0,20}process\s{1,20}([A-Za-z_]\w{0,99})\s{0,20}\{/;
const DIRECTIVE = /^\s{0,40}secret[\s(]/;
const QUOTED = /'([^']{2,50})'|"([^"]{2,50})"/g;
/** Directories with many files, none of them scripts of the pipeline. Hidden directories are skipped as well. */
const SKIPPED: readonly string[] = ['work', 'results', 'node_modules'];

/**
 * Returns the processes of a pipeline whose scripts declare secrets, sorted by name. Reads lines, not Groovy: a declaration that
 * the configuration or an expression contains is not found.
 */
export function findDeclaredSecrets(directory: string): DeclaredProcess[] {
  const found = new Map<string, Set<string>>();
  let bytes = 0;
  for (const file of scriptsBelow(directory)) {
    const text = readScript(file);
    bytes += text.length;
    if (bytes > BYTES_MAX) break;
    readDeclarations(text, found);
  }
  return [...found]
    .filter(([, secrets]) => secrets.size > 0)
    .map(([process, secrets]) => ({ process, secrets: [...secrets].sort().slice(0, SECRETS_MAX) }))
    .sort((a, b) => (a.process < b.process ? -1 : 1))
    .slice(0, PROCESSES_MAX);
}

function readDeclarations(text: string, found: Map<string, Set<string>>): void {
  let secrets: Set<string> | undefined;
  for (const line of text.split('\n')) {
    const process = PROCESS.exec(line)?.[1];
    if (process !== undefined) {
      secrets = found.get(process) ?? new Set();
      found.set(process, secrets);
    }
    if (secrets === undefined || !DIRECTIVE.test(line)) continue;
    for (const [, single, double] of line.matchAll(QUOTED)) {
      const name = single ?? double ?? '';
      if (isSecretName(name)) secrets.add(name);
    }
  }
}

function readScript(file: string): string {
  try {
    return readRegularFile(file, FILE_MAX)?.toString('utf8') ?? '';
  } catch {
    return ''; // removed or closed in the meantime: the result is not complete anyway
  }
}

function* scriptsBelow(directory: string): Generator<string> {
  let count = 0;
  let level = [directory];
  for (let depth = 0; depth < LEVELS_MAX && level.length > 0; depth += 1) {
    const next: string[] = [];
    for (const one of level)
      for (const entry of entriesOf(one)) {
        if ((count += 1) > ENTRIES_MAX) return;
        const path = join(one, entry.name);
        if (entry.isDirectory() && !entry.name.startsWith('.') && !SKIPPED.includes(entry.name))
          next.push(path);
        else if (entry.name.endsWith('.nf')) yield path;
      }
    level = next;
  }
}

function entriesOf(directory: string): { name: string; isDirectory(): boolean }[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return []; // it does not exist, or is closed
  }
}
