import type { DoctorCheck } from '../contract/types.ts';

/** One thing that a launch needs, as it was found. A failure or warning says what to do about it. */
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

/** Permission bits as `chmod` takes them. */
export function modeOf({ mode }: { readonly mode: number }): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
