import { realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { findProgram, isProgram } from '../../system/files/find-program.ts';
import { readRegularFile } from '../../system/files/read-regular-file.ts';
import { runWithTimeout } from '../../system/processes/run-with-timeout.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The Java that Nextflow's launcher would start, and the variable that selects it. The path may not exist. */
export interface Java {
  readonly path: string;
  readonly from: 'NXF_JAVA_HOME' | 'JAVA_CMD' | 'JAVA_HOME' | 'PATH';
}

const RELEASE_MAX = 64 * 1024;
const VERSION = '([0-9][0-9A-Za-z.+_-]{0,40})';

/**
 * Finds Java like the official launcher script ("Determine the Java command to use", unchanged from 19.01 to 26.08).
 * NXF_JAVA_HOME overrides JAVA_HOME and disables JAVA_CMD. JAVA_CMD is used if it is executable. A Java home is used if it is a
 * directory; PATH is then ignored, even if the home contains no java.
 */
export function findJava(env: Environment): Java | undefined {
  const own = env['NXF_JAVA_HOME'];
  const command = own ? undefined : env['JAVA_CMD'];
  if (command && isProgram(resolve(command))) return { path: resolve(command), from: 'JAVA_CMD' };
  const home = own || env['JAVA_HOME'];
  if (home && isDirectory(home)) {
    const odd = resolve(home, 'jre/sh/java'); // IBM's, on AIX
    const path = isProgram(odd) ? odd : resolve(home, 'bin/java');
    return { path, from: own ? 'NXF_JAVA_HOME' : 'JAVA_HOME' };
  }
  const path = findProgram('java', env['PATH']);
  return path === undefined ? undefined : { path, from: 'PATH' };
}

/**
 * Returns the version of a Java, such as 17.0.15, from the file `release` of its home, or else from `java -version`.
 * Undefined if that prints none within `limitMs`.
 */
export async function readJavaVersion(
  path: string,
  env: Environment,
  limitMs: number,
): Promise<string | undefined> {
  const release = readRegularFile(join(dirname(dirname(realpathSync(path))), 'release'), RELEASE_MAX);
  const released = new RegExp(`^JAVA_VERSION="${VERSION}"`, 'm').exec(release?.toString('utf8') ?? '')?.[1];
  if (released !== undefined) return released;
  // Nextflow's launcher unsets JAVA_TOOL_OPTIONS too, because it can load code into the JVM.
  const { stdout, stderr } = await runWithTimeout(path, ['-version'], {
    env: { ...env, JAVA_TOOL_OPTIONS: undefined },
    limitMs,
  });
  return new RegExp(`version "${VERSION}"`).exec(stderr + stdout)?.[1];
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // like `test -d`, for any error
  }
}

/** Returns the major version: 17 for 17.0.15, and 8 for 1.8.0_392. */
export function javaMajor(version: string): number {
  return Number(/^(?:1\.)?(\d+)/.exec(version)?.[1]);
}
