import { constants } from 'node:os';

/**
 * Signals that end or stop a process by default, and that Node can ignore. Not in the list: SIGPIPE and SIGXFSZ, which Node
 * always ignores; signals of faults, such as SIGSEGV, which it cannot ignore; SIGTTIN and SIGTTOU, because the interrupted
 * system call would be restarted forever.
 */
const KEPT = [
  ...(['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGTSTP'] as const),
  ...(['SIGALRM', 'SIGVTALRM', 'SIGPROF', 'SIGIO', 'SIGPWR', 'SIGXCPU'] as const),
];

let ignored: readonly number[] = [];

/**
 * Ignores the signals that the caller of nf-escrow ignores (nohup, `cmd &` in a script, `trap '' TERM`). Node resets all
 * signals before it runs any JavaScript, so bin/nf-escrow reports them in `mask`: SigIgn in proc(5), hexadecimal, bit 0 for
 * signal 1.
 */
export function keepIgnored(mask: string): void {
  const bits = BigInt(/^[0-9a-f]{1,16}$/.test(mask) ? `0x${mask}` : 0);
  ignored = Array.from({ length: 64 }, (_, index) => index + 1).filter(
    (number) => ((bits >> BigInt(number - 1)) & 1n) === 1n,
  );
  for (const name of KEPT) if (isIgnored(name)) process.on(name, () => undefined);
}

/** Returns whether the caller ignores a signal. nf-escrow then ignores it too. */
export function isIgnored(name: NodeJS.Signals): boolean {
  return ignored.includes(constants.signals[name]);
}

/**
 * Returns a command line that starts a program which ignores the signals that the caller ignores, and `more`. Node cannot start
 * such a program, so a shell sets the signals and then replaces itself with the program.
 */
export function withIgnoredSignals(
  shell: readonly [string, ...string[]],
  [command, ...args]: readonly [string, ...string[]],
  more: readonly NodeJS.Signals[] = [],
): [string, ...string[]] {
  const numbers = [...new Set([...ignored, ...more.map((name) => constants.signals[name])])];
  if (numbers.length === 0) return [command, ...args];
  return [...shell, '-c', `trap '' ${numbers.join(' ')}; exec "$@"`, shell[0], command, ...args];
}
