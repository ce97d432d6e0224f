import { readFileSync } from 'node:fs';
import { lazyDaemonClient } from '../../api-client/find-daemon.ts';
import type { Client } from '../../api-client/client.ts';
import type { Paths } from '../../config/paths.ts';
import type { Settings } from '../../config/settings.ts';
import { EscrowError } from '../../errors.ts';
import { packageFile } from '../../package-files.ts';
import { escapeText } from '../../system/escape-text.ts';
import { write } from '../io/output.ts';
import { TREE_FILE, type ArgumentNode, type CompletionTree } from './command-tree.ts';
import type { Candidate, Place } from './completion.ts';
import { findCompletion } from './find-candidates.ts';
import { findValues } from './find-values.ts';

/** What the shell does, as an exit status: insert one of the printed words, complete a file name, or nothing. */
const CANDIDATES = 0;
const FILES = 1;
const NOTHING = 2;

/** Users wait for the candidates after pressing Tab. */
const DAEMON_TIMEOUT_MS = 1000;

/** Words without a meaning to a shell: the shells insert them without quotes. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/**
 * Implements `nf-escrow complete -- WORDS…`, which the completion scripts call: prints the candidates for the last word, with a
 * tab and a description, and returns an exit status. Loads no commander and starts no daemon. Never fails: without settings or a
 * daemon, there are no candidates.
 */
export async function complete(
  settings: () => Settings,
  args: readonly string[],
  tree: CompletionTree = readTree(),
): Promise<number> {
  const words = args[0] === '--' ? args.slice(1) : args;
  const found = findCompletion(tree, words);
  if ('isFile' in found) return FILES;
  const last = words.at(-1) ?? '';
  const { prefix = '' } = found;
  const candidates = 'value' in found ? await valuesOf(settings, tree, found) : found.words;
  const matching = candidates.filter(({ word }) => PLAIN.test(word) && `${prefix}${word}`.startsWith(last));
  const preferred = matching.filter(({ isAlternative }) => isAlternative !== true);
  const shown = new Map((preferred.length > 0 ? preferred : matching).map((one) => [one.word, one]));
  write([...shown.values()].map((candidate) => `${prefix}${format(candidate)}\n`).join(''));
  return shown.size > 0 ? CANDIDATES : NOTHING;
}

async function valuesOf(
  settings: () => Settings,
  { settingValues }: CompletionTree,
  { value, place }: { readonly value: ArgumentNode; readonly place: Place },
): Promise<readonly Candidate[]> {
  try {
    const { paths, workspace } = settings();
    return await findValues(value, place, { daemon: clientOf(paths), workspace, settingValues });
  } catch {
    return []; // a message would appear in the middle of the command line that is being typed
  }
}

/** Returns a client of this host's daemon, which is never started. */
function clientOf(paths: Paths): Client {
  const absent = (): Promise<Client> =>
    Promise.reject(new EscrowError('daemon-unavailable', 'The daemon is not running.'));
  return lazyDaemonClient(paths, absent, DAEMON_TIMEOUT_MS);
}

function format({ word, description = '' }: Candidate): string {
  return description === '' ? word : `${word}\t${escapeText(description)}`;
}

function readTree(): CompletionTree {
  return JSON.parse(readFileSync(packageFile(TREE_FILE), 'utf8')) as CompletionTree;
}
