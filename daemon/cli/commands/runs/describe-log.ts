import type { Run } from '../../../contract/types.ts';
import { locateLog } from '../../../nextflow/logs/log-fingerprint.ts';

/** Returns where Nextflow's log of a run is now. A later run in the same directory renames it. */
export function describeLog({ logFile, logFingerprint }: Run): string {
  if (logFile === null) return '-';
  if (logFingerprint === undefined) return logFile;
  return locateLog(logFile, logFingerprint) ?? `no longer in ${logFile}`;
}
