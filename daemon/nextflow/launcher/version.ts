import { readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readRegularFile } from '../../system/files/read-regular-file.ts';

/** Facts about a nextflow that are known without a JVM, which takes seconds to start. */
export interface Launcher {
  /** Such as 24.10.0 or 26.08.0-edge. Undefined if unknown. */
  readonly version: string | undefined;
  /** Source of the version. */
  readonly from: string;
  /** Whether it is the self-contained distribution, which loads only its own plugins. */
  readonly selfContained: boolean;
  /** Major versions of Java that the official script accepts. It rejects all others, even newer ones. Empty if unknown. */
  readonly javas: readonly number[];
  /** Whether its files determine the version. If not, it is probably a wrapper, which may start any version. */
  readonly isCertain: boolean;
}

/** The official script has 16 KB. The self-contained distribution (`-dist`) is that script with a jar appended. */
const SCRIPT_MAX = 32 * 1024;
const FILE = /^nextflow-(\d+\.\d+\.\d+(?:-[a-z0-9]+)??)(?:-(?:one|all|dist))?(?:\.jar)?$/;
const IN_PATH = /\/nextflow[-_/]v?(\d+\.\d+\.\d+(?:-edge)?)\//;

/**
 * Returns facts about a launcher. The official script starts the version in NXF_VER, or else the one it was released with;
 * `-dist` always starts its own. The version of any other launcher is in its name or in the names of the jars next to it.
 * Otherwise it is probably a wrapper of the official script, which honors NXF_VER.
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
    return { version, from: fixed ? 'its script' : 'NXF_VER', selfContained, javas, isCertain: true };
  }
  const real = realpathSync(path);
  const named = FILE.exec(basename(real))?.[1];
  if (named !== undefined) return { version: named, from: 'its name', selfContained, javas, isCertain: true };
  const jar = jarVersion(new Set([realpathSync(dirname(path)), dirname(real)]));
  if (jar !== undefined)
    return { version: jar, from: 'the jar next to it', selfContained, javas, isCertain: true };
  if (wanted !== undefined)
    return { version: wanted, from: 'NXF_VER', selfContained, javas, isCertain: false };
  return { version: IN_PATH.exec(real)?.[1], from: 'its path', selfContained, javas, isCertain: false };
}

/**
 * Returns whether a version such as 25.10.2 or 25.10 is at least a year and month. Undefined for an unknown version and for a
 * text of another form.
 */
export function isAtLeast(
  version: string | undefined,
  [oldestYear, oldestMonth]: readonly [year: number, month: number],
): boolean | undefined {
  const [, year, month] = /^(\d+)\.(\d+)(?:\.|$)/.exec(version ?? '') ?? [];
  if (year === undefined) return undefined;
  return Number(year) > oldestYear || (Number(year) === oldestYear && Number(month) >= oldestMonth);
}

/** Detects the self-contained distribution by its script (`NXF_PACK=dist`) or its name. */
function isSelfContained(path: string, script: string): boolean {
  return (
    /^NXF_PACK=(?:dist|all)$/m.test(script) || /-(?:dist|all)(?:\.jar)?$/.test(basename(realpathSync(path)))
  );
}

/** Reads the line `version_check="^(17|18|…)"`. In scripts before 25, another one for Nextflow before 0.26 precedes it. */
function acceptedJavas(text: string): number[] {
  const list = [...text.matchAll(/version_check="\^\(([\d.|]+)\)"/g)].at(-1)?.[1] ?? '';
  return list
    .split('|')
    .filter((entry) => entry !== '')
    .map((entry) => Number(entry.replace(/^1\./, '')));
}

/** Returns the version of the jars next to a launcher, or undefined if there are none or several versions. */
function jarVersion(directories: ReadonlySet<string>): string | undefined {
  const found = [...directories]
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
    return []; // usually it does not exist
  }
}
