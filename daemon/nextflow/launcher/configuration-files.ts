import { join, resolve } from 'node:path';
import { readRunLine } from './configuration.ts';
import type { Launch } from './launch.ts';
import { homeOf } from './nextflow-home.ts';
import type { Pipeline } from './pipeline.ts';

/**
 * Returns the local configuration files in the order of Nextflow (ConfigBuilder.validateConfigFiles), without those that they
 * include. The last one wins.
 */
export function configurationFiles(
  launch: Pick<Launch, 'arguments' | 'directory' | 'env'>,
  pipeline: Pipeline,
): string[] {
  const { arguments: args, directory, env } = launch;
  const { onlyFiles, moreFiles } = readRunLine(args);
  const files =
    onlyFiles.length > 0
      ? onlyFiles
      : [
          join(homeOf(launch), 'config'),
          ...(pipeline?.kind === 'local' ? [join(pipeline.directory, 'nextflow.config')] : []),
          env['NXF_CONFIG_FILE'] || 'nextflow.config',
          ...moreFiles,
        ];
  return [...new Set(files.filter((file) => !file.includes('://')).map((file) => resolve(directory, file)))];
}
