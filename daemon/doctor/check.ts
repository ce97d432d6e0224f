import type { DoctorCheck } from '../contract/types.ts';

/** The result of checking one thing that a launch needs. A failure or warning has a remedy. */
export type Check = DoctorCheck;

export function ok(name: string, found: string): Check {
  return { name, state: 'ok', found, remedy: null };
}

export function warning(name: string, found: string, remedy: string): Check {
  return { name, state: 'warning', found, remedy };
}

export function failure(name: string, found: string, remedy: string): Check {
  return { name, state: 'failure', found, remedy };
}

/** Returns permission bits in the octal form of `chmod`. */
export function modeOf({ mode }: { readonly mode: number }): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
