import type { Client } from '../../api-client/client.ts';
import type { Receipt, Run } from '../../contract/types.ts';
import { runPath } from '../io/run-path.ts';

const SHOWN = 5;

/**
 * Says at the end of a run what was not as it should be: what the removal met, and in which files values of its secrets are.
 * Nothing where all is well. Never throws: whatever keeps it from naming files, Nextflow's status counts.
 */
export async function tellExposures(daemon: Client, run: Run, say: (line: string) => void): Promise<void> {
  for (const note of run.removalNotes?.slice(0, SHOWN) ?? []) say(note);
  if (run.exposed === undefined) {
    if (run.removalNotes !== undefined) say(`the receipt: nf-escrow runs receipt ${run.id}`);
    return;
  }
  say(`the run wrote values of secrets into files that are kept: ${run.exposed.join(', ')}`);
  try {
    const [receipt, { showFile }] = await Promise.all([
      daemon.call<Receipt>('GET', `${runPath(run.id)}/receipt`),
      import('../commands/runs/describe-exposures.ts'),
    ]);
    const files = [...new Set(receipt.exposures.flatMap((exposure) => exposure.files))];
    for (const file of files.slice(0, SHOWN)) say(`  ${showFile(file, receipt.workDirectory)}`);
    if (files.length > SHOWN) say(`  and ${String(files.length - SHOWN)} more`);
  } catch {
    say('  its receipt cannot be read now'); // the daemon was killed; the next command starts another
  }
  if (run.pendingRemovals === 0 && run.removalNotes === undefined)
    say("what nf-escrow had placed is removed; those files are the pipeline's, and stay");
  say(`all of them, and what to do: nf-escrow runs receipt ${run.id}`);
}
