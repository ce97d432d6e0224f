import type { ComponentChildren, JSX } from 'preact';
import type { Run } from '../../../daemon/contract/types.ts';
import { Name } from '../../components/name.tsx';
import { Note } from '../../components/states.tsx';
import { count } from '../../format/counts.ts';
import { now } from '../../format/times.ts';
import { visibleText } from '../../format/visible-text.ts';
import { hasPendingRemovals } from './run-state.tsx';

const LINKS_MAX = 5;

/** Warnings about one run, each with its remedy. */
export function RunAttention({ run }: { readonly run: Run }): JSX.Element {
  const notes: ComponentChildren[] = [];
  const {
    pendingRemovals,
    removalError,
    removalNotes = [],
    exposed,
    orphanedJobs,
    leftoverProcesses = [],
  } = run;
  if (hasPendingRemovals(run, now.value))
    notes.push(
      <Note key="pending" tone="warn">
        <p class="strong">
          {count(pendingRemovals, 'object')} with secrets {pendingRemovals === 1 ? 'is' : 'are'} not removed
          yet. The daemon retries the removal.
        </p>
        {removalError !== undefined && <p>{visibleText(removalError, 600)}</p>}
      </Note>,
    );
  if (exposed !== undefined)
    notes.push(
      <Note key="exposed" tone="bad" icon="eye">
        <p class="strong">
          Files of this run contain values of {exposed.map((name) => visibleText(name)).join(', ')}.
        </p>
        <p>The receipt lists the files. Delete the files and rotate the secrets.</p>
      </Note>,
    );
  for (const note of removalNotes)
    notes.push(
      <Note key={note} tone="warn">
        {visibleText(note, 600)}
      </Note>,
    );
  if (orphanedJobs.length > 0)
    notes.push(
      <Note key="jobs" tone="warn">
        <p class="strong">
          {count(orphanedJobs.length, 'job')} outlived the run. To cancel{' '}
          {orphanedJobs.length === 1 ? 'it' : 'them'}, select Cancel.
        </p>
        <p class="links">
          {orphanedJobs.slice(0, LINKS_MAX).map(({ executor, id }) => (
            <Name key={id} mono>{`${executor} ${id}`}</Name>
          ))}
        </p>
      </Note>,
    );
  if (leftoverProcesses.length > 0)
    notes.push(
      <Note key="processes" tone="warn">
        <p class="strong">
          {count(leftoverProcesses.length, 'process', 'processes')} of the run{' '}
          {leftoverProcesses.length === 1 ? 'is' : 'are'} still alive. nf-escrow keeps the secrets until{' '}
          {leftoverProcesses.length === 1 ? 'it ends' : 'they end'}.
        </p>
        {leftoverProcesses.slice(0, LINKS_MAX).map(({ pid, command }) => (
          <p key={pid}>
            <Name mono>{`${String(pid)} ${command}`}</Name>
          </p>
        ))}
      </Note>,
    );
  return <>{notes}</>;
}
