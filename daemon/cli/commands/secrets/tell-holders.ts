import type { Client } from '../../../api-client/client.ts';
import type { SecretHolderList } from '../../../contract/types.ts';
import { asEscrowError } from '../../../errors.ts';
import { print, warn } from '../../io/output.ts';

type Holder = SecretHolderList['holders'][number];

const SHOWN = 10;

/**
 * Returns the runs that hold a value of a secret other than the newest. `secretPath`: the API path of the secret. Never throws,
 * because the secret was already changed: a failure is a warning.
 */
export async function oldHolders(daemon: Client, secretPath: string, name: string): Promise<Holder[]> {
  try {
    const { holders } = await daemon.call<SecretHolderList>('GET', `${secretPath}/holders`);
    return holders.filter(({ current }) => !current);
  } catch (error) {
    warn(`cannot list the runs that still hold the old value of ${name}: ${asEscrowError(error).message}`);
    return [];
  }
}

/** Prints the runs that still hold the old value of a secret that was set or removed. Never throws. */
export async function tellHolders(daemon: Client, secretPath: string, name: string): Promise<void> {
  for (const line of describeHolders(name, await oldHolders(daemon, secretPath, name))) print(line);
}

/** Returns the lines about runs that hold the old value of a secret. Empty if there are none. */
function describeHolders(name: string, holders: readonly Holder[]): string[] {
  if (holders.length === 0) return [];
  const shown = holders.slice(0, SHOWN).map(({ run, runName, state }) => {
    const title = runName === null ? run : `${run} (${runName})`;
    const until = state === 'ended' ? 'until its pending removal succeeds' : 'until it ends';
    return `Run ${title} still holds the old value of ${name} ${until}.`;
  });
  const more = holders.length - shown.length;
  return [
    ...shown,
    ...(more > 0 ? [`So do ${String(more)} more runs. See: nf-escrow status`] : []),
    'To end a run now: nf-escrow runs cancel RUN',
  ];
}
