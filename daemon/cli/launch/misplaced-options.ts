import { EscrowError } from '../../errors.ts';

/** Pipelines conventionally print their own help for `--help`, so it is a parameter if it follows the pipeline. */
const PARAMETERS: readonly string[] = ['--help'];

/**
 * Throws `usage` if an argument of Nextflow has the name of one of our `options`. To Nextflow it would be a pipeline parameter: a
 * misplaced `--no-secrets` would deliver every secret. An argument after `--` is meant for the pipeline, and so is one that
 * `allowed` names, with or without hyphens.
 */
export function assertNotOurs(
  args: readonly string[],
  options: readonly string[],
  allowed: readonly string[],
): void {
  const permitted = [...PARAMETERS, ...allowed.map((name) => asOption(name, options))];
  const end = args.indexOf('--');
  for (const argument of end === -1 ? args : args.slice(0, end)) {
    const name = argument.split('=', 1)[0] ?? '';
    if (options.includes(name) && !permitted.includes(name)) throw misplaced(name);
  }
}

/** Throws `usage` for a name that needs no permission, because it is probably mistyped. */
function asOption(name: string, options: readonly string[]): string {
  const option = `--${name.replace(/^--/, '')}`;
  if (options.includes(option)) return option;
  throw new EscrowError(
    'usage',
    `Cannot allow the parameter "${name}": nf-escrow run has no option of this name.`,
    {
      hint: 'Remove --allow-param. Parameters with other names are always passed to the pipeline.',
    },
  );
}

function misplaced(option: string): EscrowError {
  return new EscrowError(
    'usage',
    `Cannot pass ${option} to the pipeline: it is an option of nf-escrow run, and it follows the arguments of Nextflow.`,
    {
      hint: `Put it first: nf-escrow run ${option} … PIPELINE. If the pipeline has this parameter, use: nf-escrow run --allow-param ${option.slice(2)} … PIPELINE ${option}`,
    },
  );
}
