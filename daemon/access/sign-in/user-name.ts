import { EscrowError } from '../../errors.ts';
import type { Queries } from '../../ledger/ledger.ts';

const LENGTH_MAX = 50;
const ATTEMPTS = 100;

/** Returns a free name for the account of the person with an address. Throws `name-taken` if many people have a similar address. */
export async function chooseUserName(db: Queries, email: string): Promise<string> {
  const base = nameFrom(email);
  for (let number = 1; number <= ATTEMPTS; number += 1) {
    const name = number === 1 ? base : `${base}-${String(number)}`;
    const taken = await db.selectFrom('users').select('id').where('name', '=', name).executeTakeFirst();
    if (taken === undefined) return name;
  }
  throw new EscrowError('name-taken', `Cannot create an account: the name "${base}" is taken.`, {
    hint: 'Ask an administrator for an invitation with another user name. Administrators can run: nf-escrow users invite EMAIL --user NAME',
  });
}

/** Returns the part of an address before the `@`, as a name of a user (schemas/user.json). */
function nameFrom(email: string): string {
  const local = email.slice(0, email.lastIndexOf('@'));
  const name = local
    .replaceAll(/[^a-z0-9._-]/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, LENGTH_MAX);
  return name === '' ? 'user' : name;
}
