import { EscrowError } from '../errors.ts';
import { ledgerTime } from '../ledger/fragments.ts';
import type { Queries } from '../ledger/ledger.ts';
import type { Principal } from './principal.ts';

/** The name of an organization, or of a workspace in one. */
interface Named {
  readonly organization?: string;
  readonly name: string;
}

/**
 * Reserves the name of a removed object, so that tokens, runs and releases of this object never refer to a new object with the
 * same name. A daemon reserves nothing: its user may create the object again.
 */
export async function reserveName(
  db: Queries,
  by: Principal,
  { organization = '', name }: Named,
): Promise<void> {
  if (by.kind === 'machine') return;
  await db
    .insertInto('reserved_names')
    .values({ organization, name, reserved_at: ledgerTime(db) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Throws `name-taken` if an object of this name was removed from the server. */
export async function assertNotReserved(
  db: Queries,
  { organization = '', name }: Named,
  what: string,
): Promise<void> {
  const found = await db
    .selectFrom('reserved_names')
    .select('name')
    .where('organization', '=', organization)
    .where('name', '=', name)
    .executeTakeFirst();
  if (found !== undefined)
    throw new EscrowError('name-taken', `Cannot create ${what}: the name was used before.`, {
      hint: 'Choose another name. A team server never uses the name of a removed object again.',
    });
}
