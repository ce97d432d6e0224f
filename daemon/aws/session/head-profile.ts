import { join } from 'node:path';
import type { SecretDelivery } from '../../contract/types.ts';
import { writeFileAtomic } from '../../system/files/atomic-write.ts';
import { inPrivateDirectory } from '../../system/files/private-directory.ts';
import { quoteShellWord } from '../../system/processes/shell-word.ts';

/** The profile by which a head takes the role of its compute environment; the plugin and the overlay know it too. */
export const HEAD_PROFILE = 'nf-escrow';
/** What `nf-escrow aws-credentials` is to take for AWS_CONFIG_FILE: the user's own, not the one that names it. */
export const USER_AWS_CONFIG = 'NF_ESCROW_AWS_CONFIG_FILE';

/**
 * Has the head speak to AWS as the role that placed its secrets: by a configuration file of ours, with a profile whose
 * credentials AWS's SDKs get from a command, anew whenever they have ended. No credentials are in it.
 */
export function writeHeadProfile(
  secretDelivery: SecretDelivery,
  {
    state,
    name,
    command,
  }: { readonly state: string; readonly name: string; readonly command: readonly string[] },
  env: Readonly<Record<string, string | undefined>>,
): SecretDelivery {
  const file = join(state, 'aws', `${name}.config`);
  const line = [...command, 'aws-credentials', '--compute-env', name].map(quoteShellWord).join(' ');
  const text = `[profile ${HEAD_PROFILE}]\ncredential_process = ${line}\n`;
  inPrivateDirectory(file, (entry) => writeFileAtomic(entry, text), { create: true });
  const own = env['AWS_CONFIG_FILE'] ?? '';
  return {
    ...secretDelivery,
    environment: { ...secretDelivery.environment, AWS_CONFIG_FILE: file, [USER_AWS_CONFIG]: own },
    restore: { ...secretDelivery.restore, AWS_CONFIG_FILE: own, [USER_AWS_CONFIG]: '' },
  };
}
