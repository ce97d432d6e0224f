import { join } from 'node:path';
import type { SecretDelivery } from '../../contract/types.ts';
import { writeFileAtomic } from '../../system/files/atomic-write.ts';
import { inPrivateDirectory } from '../../system/files/private-directory.ts';
import { quoteShellWords } from '../../system/processes/shell-word.ts';

/**
 * Profile with which a head assumes the role of its compute environment. The plugin and the overlay use the same
 * name.
 */
export const HEAD_PROFILE = 'nf-escrow';
/**
 * Holds the user's own AWS_CONFIG_FILE for `nf-escrow aws-credentials`, since AWS_CONFIG_FILE names the generated
 * file.
 */
const USER_AWS_CONFIG = 'NF_ESCROW_AWS_CONFIG_FILE';

/**
 * Makes the head use the role that placed its secrets: writes an AWS configuration file with a profile whose
 * credentials come from a command. AWS SDKs run the command again whenever the credentials expire. The file contains
 * no credentials.
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
  const line = quoteShellWords([...command, 'aws-credentials', '--compute-env', name]);
  const text = `[profile ${HEAD_PROFILE}]\ncredential_process = ${line}\n`;
  inPrivateDirectory(file, (entry) => writeFileAtomic(entry, text), { create: true });
  const own = env['AWS_CONFIG_FILE'] ?? '';
  return {
    ...secretDelivery,
    environment: { ...secretDelivery.environment, AWS_CONFIG_FILE: file, [USER_AWS_CONFIG]: own },
    restore: { ...secretDelivery.restore, AWS_CONFIG_FILE: own, [USER_AWS_CONFIG]: '' },
  };
}
