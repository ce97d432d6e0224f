import type { Context } from '../../context.ts';
import { confirm } from '../../io/confirm.ts';
import { print, printJson } from '../../io/output.ts';
import { findSecrets, type ScopeOptions } from './scope.ts';
import { oldHolders, tellHolders } from './tell-holders.ts';

/** Removes secrets of one scope, and prints the runs that still hold their values. */
export async function removeSecrets(
  context: Context,
  names: readonly string[],
  options: ScopeOptions & { json?: boolean; yes?: boolean },
): Promise<void> {
  const { client, path, title } = await findSecrets(context, options);
  await confirm(`Remove ${names.join(', ')} from ${title}?`, options.yes);
  const holders = [];
  for (const name of names) {
    const secretPath = `${path}/${encodeURIComponent(name)}`;
    await client.call('DELETE', secretPath);
    if (options.json === true) {
      const found = await oldHolders(client, secretPath, name);
      holders.push(
        ...found.map(({ run, runName, state, version }) => ({ name, run, runName, state, version })),
      );
    } else {
      print(`Removed ${name} from ${title}.`);
      await tellHolders(client, secretPath, name);
    }
  }
  if (options.json === true) printJson({ removed: names, ...(holders.length === 0 ? {} : { holders }) });
}
