import { readFileSync } from 'node:fs';

/** The umask of this process. Not process.umask(), which sets it to read it. The kernel tells it since 4.7 (proc(5)). */
export function readUmask(): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number.parseInt(/^Umask:\s*([0-7]+)$/m.exec(status)?.[1] ?? '', 8);
}

/** A umask as shells show it. */
export function umaskText(umask: number): string {
  return umask.toString(8).padStart(4, '0');
}
