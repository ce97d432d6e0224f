import type { Client } from '../../api-client/client.ts';
import type { Receipt, Run } from '../../contract/types.ts';
import { runPath } from '../io/run-path.ts';

const SHOWN = 5;

/**
 * Reports problems at the end of a run: notes of the removal, and files that contain values of its secrets. Prints nothing if
 * there are none. Never throws, because Nextflow's exit status counts.
 */
export async function tellExposures(daemon: Client, run: Run, say: (line: string) => void): Promise<void> {
  for (const note of run.removalNotes?.slice(0, SHOWN) ?? []) say(note);
  if (run.exposed === undefined) {
    if (run.removalNotes !== undefined) say(`see the receipt: nf-escrow runs receipt ${run.id}`);
    return;
  }
  say(`files of the run contain values of secrets: ${run.exposed.join(', ')}`);
  try {
    const [receipt, { showFile }] = await Promise.all([
      daemon.call<Receipt>('GET', `${runPath(run.id)}/receipt`),
      import('../commands/runs/describe-exposures.ts'),
    ]);
    const files = [...new Set(receipt.exposures.flatMap((exposure) => exposure.files))];
    for (const file of files.slice(0, SHOWN)) say(`  ${showFile(file, receipt.workDirectory)}`);
    if (files.length > SHOWN) say(`  and ${String(files.length - SHOWN)} more`);
  } catch {
    say('  cannot read the receipt now'); // the daemon was killed; the next command starts another
  }
  if (run.pendingRemovals === 0 && run.removalNotes === undefined)
    say('nf-escrow removed everything that it delivered; it does not change files of the pipeline');
  say(`see all files and the remedy with: nf-escrow runs receipt ${run.id}`);
}
