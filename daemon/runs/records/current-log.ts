import { locateLog, type LogFingerprint } from '../../nextflow/logs/log-fingerprint.ts';
import type { RunRow } from './queries.ts';

/** Returns where the log of a run is now: another run in the directory may have rotated it. Null if there is none. */
export function currentLog({
  log_file: recorded,
  log_fingerprint: fingerprint,
}: Pick<RunRow, 'log_file' | 'log_fingerprint'>): string | null {
  if (recorded === null || fingerprint === null) return recorded;
  return locateLog(recorded, JSON.parse(fingerprint) as LogFingerprint) ?? null;
}
