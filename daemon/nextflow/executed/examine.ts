import { dirname, resolve } from 'node:path';
import type { WritablePlace } from '../../contract/types.ts';
import { writersOfNewFiles, type NewFileWriters } from '../../system/files/trust/new-files.ts';
import { isAbove } from '../../system/files/trust/trust-error.ts';
import { homeDirectory } from '../../system/processes/own-account.ts';
import { quoteShellWord } from '../../system/processes/shell-word.ts';
import { umaskText } from '../../system/processes/umask.ts';
import { findPlaces, type Found } from './find-places.ts';
import { homeOf } from '../launcher/nextflow-home.ts';
import type { Execution } from './execution.ts';
import { elsewhere, isInstalled, titleOf, type Use } from './uses.ts';

/** Maximum number in a request. Each `-c` may name a file in another directory. */
const MOST = 100;

/** Result of an examination. */
export interface Examination {
  /** Where other users can change what the run executes. */
  readonly places: WritablePlace[];
  /** Nextflow's work directory, as far as it is known without a JVM. Undefined if it is not in a file system. */
  readonly workDirectory?: string;
}

/**
 * Returns the run's programs, scripts and directories that other users can change, each once with all of its uses. Those users
 * could make the run's tasks execute any code, and so obtain its secrets.
 */
export function examineExecution(execution: Execution): Examination {
  const { found, work } = findPlaces(execution);
  const places = new Map<string, WritablePlace>();
  for (const one of found) add(places, `${one.fault.at}\0${one.fault.why}`, [one.use], describe(one));
  for (const { use, path, writers } of newFiles(execution, work))
    add(places, `${writers.by}\0${writers.who}`, [use], describeNew(use, path, writers, execution.umask));
  const most = [...places.values()].slice(0, MOST);
  return { places: most, ...(work === undefined ? {} : { workDirectory: work }) };
}

function add(
  places: Map<string, WritablePlace>,
  key: string,
  uses: readonly Use[],
  place: Omit<WritablePlace, 'uses'>,
): void {
  const known = places.get(key);
  const titles = new Set([...(known?.uses ?? []), ...uses.map(titleOf)]);
  places.set(key, { ...(known ?? place), uses: [...titles] as WritablePlace['uses'] });
}

function describe({ use, path, fault }: Found): Omit<WritablePlace, 'uses'> {
  const { at, who, why, isOwn, isMissing, owner } = fault;
  const other = `${elsewhere(use)}${isAbove(at, homeDirectory()) ? ', or ask the administrator of this machine' : ''}`;
  if (isMissing === true) {
    const remedy = `Run mkdir -m 700 ${quoteShellWord(path)} first, or ${other}.`;
    return { path: at, who, why: `can be changed by others: ${who} can create "${path}" there`, remedy };
  }
  if (!isOwn) return { path: at, who, why, remedy: `${capital(other)}.${trustOf(use, who, owner)}` };
  // The fault is inside the tree. Its siblings were probably created with the same umask, so the remedy is recursive.
  const isBelow = at !== path && at.startsWith(`${path}/`);
  const [flag, target] = isBelow ? ['-R ', dirname(at)] : ['', at];
  const command = `Run chmod ${flag}go-w ${quoteShellWord(target)}`;
  return { path: at, who, why, remedy: `${command}, or, if it is shared on purpose, ${other}.` };
}

/**
 * Returns the other remedy for software that belongs to another account: to trust that account. Says what that means,
 * because the account may be a person's.
 */
function trustOf(use: Use, who: string, owner: number | undefined): string {
  if (owner === undefined || !isInstalled(use)) return '';
  return ` If ${who} is not a person but the account that installs software on this machine, add ${String(owner)} to the setting trustedOwners. Everyone who can use that account can then obtain the secrets of your runs.`;
}

interface NewFiles {
  readonly use: Use;
  readonly path: string;
  readonly writers: NewFileWriters;
}

/** Returns the directories where Nextflow will create scripts, links to plugins and downloads that other users could change. */
function newFiles(execution: Execution, work: string | undefined): NewFiles[] {
  const { directory, env, umask, owners } = execution;
  const cache = resolve(directory, env['NXF_CACHE_DIR'] || '.nextflow');
  // Access control lists are read for only one directory below the launch directory, because both inherit the same list.
  const wanted: (readonly [Use, string, boolean])[] = [
    ...(work === undefined ? [] : [['work', work, true] as const]),
    ['cache', cache, dirname(cache) !== (work === undefined ? undefined : dirname(work))],
    ['home', homeOf(execution), false],
  ];
  return wanted.flatMap(([use, path, withLists]) => {
    const writers = writersOfNewFiles(path, umask, { withLists, owners });
    return writers === undefined ? [] : [{ use, path, writers }];
  });
}

function describeNew(
  use: Use,
  path: string,
  { who, by, isOwn }: NewFileWriters,
  umask: number,
): Omit<WritablePlace, 'uses'> {
  const cause = by === 'umask' ? `umask ${umaskText(umask)}` : 'its access control list';
  const why = `will contain new files that others can change: ${cause} lets ${who} write to them`;
  if (by === 'umask') return { path, who, why, remedy: 'Run `umask 022` first.' };
  const command = `Run setfacl -k ${quoteShellWord(path)}, or, if it is shared on purpose, `;
  return { path, who, why, remedy: isOwn ? `${command}${elsewhere(use)}.` : `${capital(elsewhere(use))}.` };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
