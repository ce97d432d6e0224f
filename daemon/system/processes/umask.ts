import { readFileSync } from 'node:fs';

/** Returns the umask of this process from /proc, since Linux 4.7 (proc(5)). process.umask() would set it temporarily. */
export function readUmask(): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number.parseInt(/^Umask:\s*([0-7]+)$/m.exec(status)?.[1] ?? '', 8);
}

/** A umask as shells show it. */
export function umaskText(umask: number): string {
  return umask.toString(8).padStart(4, '0');
}
