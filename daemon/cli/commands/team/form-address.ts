import type { Context } from '../../context.ts';
import { findTeamServer } from '../../places.ts';
import { print, printJson, writeError } from '../../io/output.ts';

/** A form of the page of a team server, which the command fills in. */
export interface Form {
  /** Segments of its address. */
  readonly path: readonly string[];
  /** Its fields. Those without a value keep their default. */
  readonly fields: Readonly<Record<string, string | readonly string[] | boolean | undefined>>;
}

/**
 * Prints the address of a form on the page of a team server. For what a token may not do: there, the user signs in and confirms. Only the
 * address is on standard output, so that a command can read it from there. Throws as `findTeamServer`.
 */
export async function printFormAddress(
  context: Context,
  { server, json }: { readonly server?: string; readonly json?: boolean },
  what: string,
  { path, fields }: Form,
): Promise<void> {
  const { url } = await findTeamServer(context, server);
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === false) continue;
    query.set(name, typeof value === 'object' ? value.join(',') : String(value));
  }
  const address = `${url}/#/${path.map(encodeURIComponent).join('/')}?${query.toString()}`;
  if (json === true) {
    printJson({ url: address });
    return;
  }
  writeError(`To ${what}, open this address in a browser, sign in, check the form, and submit it:\n`);
  print(address);
}
