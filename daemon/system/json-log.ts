import { pino, type Logger } from 'pino';
import { escapeJson } from './escape-text.ts';

/**
 * Opens a log of JSON lines on standard output. `redact` masks what a line must not contain. pino does not escape DEL, C1 and
 * bidirectional controls, which would affect a terminal.
 */
export function openJsonLog(redact: (line: string) => string = (line) => line): Logger {
  const streamWrite = (line: string): string => escapeJson(redact(line));
  return pino({ base: { pid: process.pid }, hooks: { streamWrite } }, openOutput());
}

/** An error of the log (such as a full disk) must not stop a process that has secrets to remove. */
function openOutput(): ReturnType<typeof pino.destination> {
  return pino.destination({ dest: 1, sync: true }).on('error', () => undefined);
}
