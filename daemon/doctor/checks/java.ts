import { findJava, javaMajor, readJavaVersion } from '../../nextflow/launcher/java.ts';
import { isProgram } from '../../system/files/find-program.ts';
import { failure, ok, type Check } from '../check.ts';
import { findLauncher } from './nextflow.ts';
import type { DoctorContext } from '../doctor-context.ts';

/** Minimum version for Nextflow 24.11 and later, and for our plugins. */
const OLDEST = 17;
const INSTALL = 'Install Java 17 or later and put it on PATH, or set NXF_JAVA_HOME to its home.';

/** Checks the Java that Nextflow would start, and its version. */
export async function checkJava(subject: DoctorContext): Promise<Check[]> {
  const { env, limitMs } = subject;
  const java = findJava(env);
  if (java === undefined) return [failure('java', 'no `java` on PATH', INSTALL)];
  const place = `${java.path} (from ${java.from})`;
  if (!isProgram(java.path)) {
    const remedy = `Set ${java.from} to a Java home, or unset it: Nextflow uses no other Java while it is set.`;
    return [failure('java', `${place} is not a program`, remedy)];
  }
  const version = await readJavaVersion(java.path, env, limitMs);
  if (version === undefined) {
    const found = `${place}: \`java -version\` printed no version within ${String(limitMs / 1000)} s`;
    return [failure('java', found, `Try \`${java.path} -version\`. ${INSTALL}`)];
  }
  const major = javaMajor(version);
  if (major < OLDEST) return [failure('java', `${version} at ${place} is too old`, INSTALL)];
  const javas = findLauncher(subject)?.javas ?? [];
  if (javas.length > 0 && !javas.includes(major)) {
    const most = String(Math.max(...javas));
    const remedy = `Use a newer Nextflow, or set NXF_JAVA_HOME to the home of a Java from ${String(OLDEST)} to ${most}.`;
    return [failure('java', `${version} at ${place}: this nextflow supports Java up to ${most}`, remedy)];
  }
  return [ok('java', `${version} at ${place}`)];
}
