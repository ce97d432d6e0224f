import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { findProgram } from '../../../system/files/find-program.ts';

/** Time in which a program that cannot open a browser fails. One that can may run as long as the browser. */
const FAILURE_MS = 1500;
const OPENERS = ['xdg-open', 'gio'] as const;

/** Opens a file in the person's browser. Returns false if that is not possible, as without a display. */
export async function openInBrowser(file: string): Promise<boolean> {
  const { DISPLAY, WAYLAND_DISPLAY, PATH } = process.env;
  if (!DISPLAY && !WAYLAND_DISPLAY) return false;
  const found = OPENERS.map((name) => [name, findProgram(name, PATH)] as const).find(([, path]) => path);
  const [name, program] = found ?? [];
  if (program === undefined) return false;
  const address = pathToFileURL(file).href;
  const args = name === 'gio' ? ['open', address] : [address];
  const { execa } = await import('execa'); // large, and most commands run no program
  const child = execa(program, args, { stdio: 'ignore', detached: true, cleanup: false, reject: false });
  child.unref();
  const waiting = new AbortController();
  const hasFailed = await Promise.race([
    child.then(({ failed }) => failed),
    sleep(FAILURE_MS, false, { signal: waiting.signal }),
  ]);
  waiting.abort();
  return !hasFailed;
}
