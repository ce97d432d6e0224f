import { readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readRegularFile } from '../../system/files/read-regular-file.ts';

/** What can be told of a nextflow without a JVM, which takes seconds to start. */
export interface Launcher {
  /** Such as 24.10.0 or 26.08.0-edge; undefined where nothing tells it. */
  readonly version: string | undefined;
  /** Where the version was found. */
  readonly from: string;
  /** The distribution that carries all it needs, and takes no plugins but its own. */
  readonly selfContained: boolean;
  /** Major versions of Java that the official script accepts: it refuses any other, newer ones too. Empty if unknown. */
  readonly javas: readonly number[];
}

/** The official script has 16 KB; the self-contained distribution (`-dist`) is that script with a jar behind it. */
const SCRIPT_MAX = 32 * 1024;
const FILE = /^nextflow-(\d+\.\d+\.\d+(?:-[a-z0-9]+)??)(?:-(?:one|all|dist))?(?:\.jar)?$/;
const IN_PATH = /\/nextflow[-_/]v?(\d+\.\d+\.\d+(?:-edge)?)\//;

/**
 * The official script starts the version that NXF_VER names, else the one it was released with; `-dist` always the one
 * it carries. Any other launcher starts what its name or the jars beside it tell; one that tells nothing is probably a
 * wrapper of the official script, which hears NXF_VER.
 */
export function readLauncher(path: string, env: Readonly<Record<string, string | undefined>>): Launcher {
  const text = readRegularFile(path, SCRIPT_MAX)?.toString('latin1') ?? '';
  const released = /^NXF_VER=\$\{NXF_VER:-['"]?([0-9A-Za-z.-]+)['"]?\}/m.exec(text)?.[1];
  const javas = acceptedJavas(text);
  const wanted = env['NXF_VER'] || undefined;
  const selfContained = isSelfContained(path, text);
  if (released !== undefined) {
    const fixed = /^NXF_PACK=dist$/m.test(text) || wanted === undefined;
    const version = fixed ? released : wanted;
    return { version, from: fixed ? 'its script' : 'NXF_VER', selfContained, javas };
  }
  const real = realpathSync(path);
  const named = FILE.exec(basename(real))?.[1];
  if (named !== undefined) return { version: named, from: 'its name', selfContained, javas };
  const jar = jarVersion([dirname(path), dirname(real)]);
  if (jar !== undefined) return { version: jar, from: 'the jar beside it', selfContained, javas };
  if (wanted !== undefined) return { version: wanted, from: 'NXF_VER', selfContained, javas };
  return { version: IN_PATH.exec(real)?.[1], from: 'its path', selfContained, javas };
}

/** By its script (`NXF_PACK=dist`), or its name. */
function isSelfContained(path: string, script: string): boolean {
  return (
    /^NXF_PACK=(?:dist|all)$/m.test(script) || /-(?:dist|all)(?:\.jar)?$/.test(basename(realpathSync(path)))
  );
}

/** From the line `version_check="^(17|18|…)"`. Scripts before 25 had another one first, for Nextflow before 0.26. */
function acceptedJavas(text: string): number[] {
  const list = [...text.matchAll(/version_check="\^\(([\d.|]+)\)"/g)].at(-1)?.[1] ?? '';
  return list
    .split('|')
    .filter((entry) => entry !== '')
    .map((entry) => Number(entry.replace(/^1\./, '')));
}

/** The one version of which jars stand beside a launcher; undefined where there are none, or several. */
function jarVersion(directories: readonly string[]): string | undefined {
  const found = directories
    .flatMap((directory) => [directory, join(directory, 'jars')])
    .flatMap(namesIn)
    .filter((name) => name.endsWith('.jar'))
    .map((name) => FILE.exec(name)?.[1])
    .filter((version) => version !== undefined);
  const [version, ...others] = new Set(found);
  return others.length === 0 ? version : undefined;
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // most have no such directory, and what cannot be listed tells nothing
  }
}
