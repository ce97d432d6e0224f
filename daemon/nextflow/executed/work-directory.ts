import { resolve } from 'node:path';
import { readRegularFile } from '../../system/files/read-regular-file.ts';
import { readRunLine } from '../launcher/configuration.ts';
import type { Pipeline } from '../launcher/pipeline.ts';
import type { Execution } from './execution.ts';

/** Maximum size of a configuration file that is read. Only `nextflow config` is exact, and it costs a JVM start. */
const LENGTH_MAX = 256 * 1024;
/** A top-level setting. Settings within profiles and blocks are indented or follow a brace. */
const SETTING = /^workDir[ \t]*=[ \t]*(?:'([^'\\\n]*)'|"([^"\\\n]*)")[ \t]*(?:\/\/.*)?$/gm;
const VARIABLE = /\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})/g;

/**
 * Returns the work directory of a run, as far as it is known without a JVM: `-work-dir`, the configuration, NXF_WORK, `work`.
 * Undefined if it is not in a file system, or if only Nextflow can evaluate it.
 */
export function workDirectoryOf(
  execution: Execution,
  files: readonly string[],
  pipeline: Pipeline,
): string | undefined {
  const { arguments: args, directory, env, workDir } = execution;
  const { configured } = readRunLine(args);
  const local = pipeline?.kind === 'local' ? pipeline.directory : undefined;
  const known = { ...env, launchDir: directory, projectDir: local, baseDir: local };
  const found = configured.workDir ?? workDir ?? configuredIn(files, known) ?? (env['NXF_WORK'] || 'work');
  return found === '' || found.includes('://') ? undefined : resolve(directory, found);
}

/** Returns the last setting in the last file that has one, or an empty text if it cannot be evaluated here. */
function configuredIn(
  files: readonly string[],
  known: Readonly<Record<string, string | undefined>>,
): string | undefined {
  for (const file of files.toReversed()) {
    const setting = [...readText(file).matchAll(SETTING)].at(-1);
    if (setting === undefined) continue;
    const [, plain, template = ''] = setting;
    if (plain !== undefined) return plain;
    const text = template.replaceAll(
      VARIABLE,
      (all, name: string | undefined, braced: string | undefined) => known[name ?? braced ?? ''] ?? all,
    );
    return text.includes('$') ? '' : text;
  }
  return undefined;
}

function readText(file: string): string {
  try {
    return readRegularFile(file, LENGTH_MAX)?.toString('utf8') ?? '';
  } catch {
    return ''; // Nextflow reports files that it cannot read
  }
}
