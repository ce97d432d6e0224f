import type { LaunchRequest } from '../contract/types.ts';

/**
 * Returns Nextflow's command line for a launch. The contract excludes values that start with a hyphen, which Nextflow would take
 * as options. The parameters are in a file.
 */
export function launchArguments({ pipeline, revision, profile, workDirectory }: LaunchRequest): string[] {
  return [
    ...['run', pipeline],
    ...(revision === undefined ? [] : ['-r', revision]),
    ...(profile === undefined ? [] : ['-profile', profile]),
    ...(workDirectory === undefined ? [] : ['-work-dir', workDirectory]),
  ];
}
