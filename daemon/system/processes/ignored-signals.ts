import { constants } from 'node:os';

/**
 * Signals whose default would end or stop a command, and that Node can be told to ignore. It ignores SIGPIPE and SIGXFSZ
 * itself; it cannot ignore those of the processor, nor SIGTTIN and SIGTTOU, whose system call a handler would restart forever.
 */
const KEPT = [
  ...(['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGTSTP'] as const),
  ...(['SIGALRM', 'SIGVTALRM', 'SIGPROF', 'SIGIO', 'SIGPWR', 'SIGXCPU'] as const),
];

let ignored: readonly number[] = [];

/**
 * Keeps ignoring the signals that the caller of nf-escrow ignores (nohup, `cmd &` in a script, `trap '' TERM`). Node resets
 * every signal to its default before it runs any JavaScript, so bin/nf-escrow reports them: `mask` is SigIgn of proc(5), in
 * hexadecimal, bit 0 for signal 1.
 */
export function keepIgnored(mask: string): void {
  const bits = BigInt(/^[0-9a-f]{1,16}$/.test(mask) ? `0x${mask}` : 0);
  ignored = Array.from({ length: 64 }, (_, index) => index + 1).filter(
    (number) => ((bits >> BigInt(number - 1)) & 1n) === 1n,
  );
  for (const name of KEPT) if (isIgnored(name)) process.on(name, () => undefined);
}

/** Whether the caller ignores a signal: then nf-escrow does not act on it either. */
export function isIgnored(name: NodeJS.Signals): boolean {
  return ignored.includes(constants.signals[name]);
}

/**
 * The command line that starts a program with the signals ignored that the caller ignores, and `more`. What Node starts
 * ignores none; only a shell can set that, and it becomes the program.
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
