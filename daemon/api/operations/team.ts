import type { Operation } from '../routing/operation.ts';
import { serviceAccountOperations, tokenOperations, userOperations } from './accounts.ts';
import { deviceLoginOperations } from './device-logins.ts';
import { invitationOperations } from './invitations.ts';
import { serverOverviewOperations } from './server.ts';
import { sessionOperations } from './sessions.ts';
import { signInOperations } from './sign-in.ts';

/** Operations on the accounts of a team server. The description of a daemon lists them too. */
export const accountOperations: readonly Operation[] = [
  ...userOperations,
  ...invitationOperations,
  ...serviceAccountOperations,
  ...tokenOperations,
  ...sessionOperations,
  ...serverOverviewOperations,
];

/** Operations with which people and terminals sign in to a team server. */
export const allSignInOperations: readonly Operation[] = [...signInOperations, ...deviceLoginOperations];
