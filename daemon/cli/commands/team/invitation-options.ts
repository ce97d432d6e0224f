import type { InvitationInput } from '../../../contract/types.ts';
import { readDays } from '../../io/days.ts';
import { print, writeError } from '../../io/output.ts';

/** Options of the commands that invite a person. */
export interface InvitationOptions {
  readonly user?: string;
  readonly administrator?: boolean;
  readonly organization?: string;
  readonly role?: string;
  readonly days?: string;
}

/** Returns the request for an invitation. Throws `usage`. */
export function invitationOf(
  email: string,
  { user, administrator, organization, role, days }: InvitationOptions,
): InvitationInput {
  const expiresInDays = readDays(days, 2);
  return {
    email,
    ...(user === undefined ? {} : { user }),
    ...(administrator === undefined ? {} : { administrator }),
    ...(organization === undefined ? {} : { organization }),
    ...(role === undefined ? {} : { role: role as NonNullable<InvitationInput['role']> }), // the server checks it
    ...(expiresInDays === undefined ? {} : { expiresInDays }),
  };
}

/** Prints a link that is shown once. Only the link is on standard output, so that a command can read it from there. */
export function printLink(note: string, link: string): void {
  writeError(`${note}\n`);
  print(link);
}
