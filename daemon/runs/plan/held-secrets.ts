import { EscrowError } from '../../errors.ts';
import type { ResolvedSecret } from '../../sources/resolve.ts';
import type { HeldEnvironment } from './plan-environment.ts';

/**
 * Returns the secrets that a team server cannot deliver to a run, with the reason as a clause: it has only those of its workspace. Throws
 * `value-not-deliverable` for one that overrides a secret of the workspace, which would otherwise be delivered in its place.
 */
export function findForeign(
  { workspace: { server } }: HeldEnvironment,
  secrets: readonly ResolvedSecret[],
): ReadonlyMap<string, string> {
  const foreign = secrets.filter(({ scope }) => scope !== 'workspace');
  for (const { name, scope, overrides } of foreign)
    if (overrides.includes('workspace'))
      throw new EscrowError(
        'value-not-deliverable',
        `Cannot deliver ${name}: ${ownerOf(scope)} overrides that of the workspace, and the server ${server.name} delivers only secrets of the workspace.`,
        {
          hint: `Select the secrets of the workspace by name: --workspace-secret ${name}. Or remove your own secret.`,
        },
      );
  return new Map(
    foreign.map(({ name, scope }) => [
      name,
      `it is ${ownerOf(scope)}, and the server ${server.name} delivers only secrets of the workspace`,
    ]),
  );
}

/** Returns what a person who starts such a run has to know. */
export function noteOnHeld({ workspace: { server } }: HeldEnvironment): string {
  return `the server ${server.name} delivers the secrets and removes them. This host gets no values, so that secrets.NAME in a script or in the configuration fails, and nf-escrow cannot search the files of the run for the values.`;
}

function ownerOf(scope: ResolvedSecret['scope']): string {
  return scope === 'user' ? 'your own secret' : "a secret of Nextflow's own store";
}
