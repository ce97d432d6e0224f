import { optionValues } from './option-values.ts';

/** Nextflow's rule for run names (CmdRun, RUN_NAME_PATTERN), bounded. */
const RUN_NAME = /^[a-z](?:[a-z\d]|[-_](?=[a-z\d])){0,79}$/;

/** Returns whether a text can be Nextflow's name of a run. */
export function isRunName(text: string): boolean {
  return RUN_NAME.test(text);
}

/** Returns the run name that the option `-name` sets. Undefined if there is none, or if Nextflow would refuse it. */
export function chosenRunName(args: readonly string[]): string | undefined {
  return optionValues(['-name'], args).findLast(isRunName);
}
