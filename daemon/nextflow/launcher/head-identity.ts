import { join } from 'node:path';
import type { Carrier } from '../../contract/types.ts';
import { writeDurable } from '../../system/files/atomic-write.ts';
import { inPrivateDirectory } from '../../system/files/private-directory.ts';

/** The profile by which a head takes the role of its compute environment; the plugin and the overlay know it too. */
export const HEAD_PROFILE = 'nf-escrow';
/** What `nf-escrow aws-credentials` is to take for AWS_CONFIG_FILE: the user's own, not the one that names it. */
export const OWN_CONFIG = 'NF_ESCROW_AWS_CONFIG_FILE';

/**
 * Has the head speak to AWS as the role that placed its secrets: by a configuration file of ours, with a profile whose
 * credentials AWS's SDKs get from a command, anew whenever they have ended. No credentials are in it.
 */
export function assumeInHead(
  carrier: Carrier,
  {
    state,
    name,
    command,
  }: { readonly state: string; readonly name: string; readonly command: readonly string[] },
  env: Readonly<Record<string, string | undefined>>,
): Carrier {
  const directory = join(state, 'aws');
  const file = join(directory, `${name}.config`);
  const line = [...command, 'aws-credentials', '--compute-env', name].map(shellWord).join(' ');
  const text = `[profile ${HEAD_PROFILE}]\ncredential_process = ${line}\n`;
  inPrivateDirectory(file, (entry) => writeDurable(entry, text), { create: true });
  const own = env['AWS_CONFIG_FILE'] ?? '';
  return {
    ...carrier,
    environment: { ...carrier.environment, AWS_CONFIG_FILE: file, [OWN_CONFIG]: own },
    restore: { ...carrier.restore, AWS_CONFIG_FILE: own, [OWN_CONFIG]: '' },
  };
}

/** One word of a shell: SDKs hand the command to one. */
function shellWord(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
