import { EscrowError } from '../../errors.ts';

/**
 * Throws `not-permitted` if a principal gives a member a higher role than its own, or changes a member whose role is higher: an
 * admin cannot become an owner through another account, and cannot remove owners.
 */
export function assertMayGrant<Role extends string>(
  own: Role,
  roles: readonly (Role | undefined)[],
  isAtLeast: (role: Role, other: Role) => boolean,
): void {
  const higher = roles.find((role) => role !== undefined && !isAtLeast(own, role));
  if (higher !== undefined)
    throw new EscrowError(
      'not-permitted',
      `Cannot assign or remove the role ${higher}: your role is ${own}.`,
      {
        hint: `Ask a member with the role ${higher}.`,
      },
    );
}
