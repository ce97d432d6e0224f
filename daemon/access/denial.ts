import type { Permission } from '../contract/types.ts';
import { EscrowError, type ErrorCode } from '../errors.ts';
import type { Place } from './places.ts';

/** A request that was denied, with what its sender knows: who sent it, what it asked for, and the object that it named. */
export interface Denial {
  /** Name of the principal. */
  readonly by: string;
  readonly permission: Permission;
  /** Undefined for a list. */
  readonly place: Place | undefined;
}

/** Errors of denied requests. The error is the same for an object that does not exist and for one that the principal may not see. */
const DENIED: readonly ErrorCode[] = [
  'not-permitted',
  'unauthenticated',
  'workspace-not-found',
  'organization-not-found',
];

const denials = new WeakMap<EscrowError, Denial>();

/** Decides on a request. If it is denied, `denialOf` returns the denial of the error that this throws. */
export async function deciding<T>(denial: Denial, decide: () => Promise<T>): Promise<T> {
  try {
    return await decide();
  } catch (error) {
    if (error instanceof EscrowError && DENIED.includes(error.code)) denials.set(error, denial);
    throw error;
  }
}

/** Returns what was denied, if an error is that of a denied request. */
export function denialOf(error: unknown): Denial | undefined {
  return error instanceof EscrowError ? denials.get(error) : undefined;
}
