import type { InvitationInput, TokenInput } from '../../contract/types.ts';
import { validate } from '../../contract/validate.ts';
import { EscrowError } from '../../errors.ts';

/** Throws `usage` unless a user can have this name. */
export function assertUserName(name: string): void {
  check('user.json', { name, email: null, administrator: false, state: 'active', dateCreated: '' }, 'user');
}

/** Throws `usage` unless an organization can have this name. */
export function assertOrganizationName(name: string): void {
  check('organization-input.json', { name }, 'organization');
}

/** Throws `usage` unless the API would accept the request for a token. */
export function assertTokenInput(input: TokenInput): void {
  check('token-input.json', input, 'token');
}

/** Throws `usage` unless the API would accept the request for an invitation. */
export function assertInvitationInput(input: InvitationInput): void {
  check('invitation-input.json', input, 'invitation');
}

/** Applies the rules of the API to the arguments of a command. */
function check(file: string, data: object, what: string): void {
  try {
    validate(file, data);
  } catch (error) {
    if (!(error instanceof EscrowError)) throw error;
    throw new EscrowError('usage', `Cannot create the ${what}: ${error.message}`, {
      hint: 'Correct the arguments. See the help: nf-escrow serve --help',
    });
  }
}
