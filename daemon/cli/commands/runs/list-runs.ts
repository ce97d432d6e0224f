import { readAll } from '../../../api-client/read-all.ts';
import type { Run } from '../../../contract/types.ts';
import type { Context } from '../../context.ts';
import { limitOf } from '../../io/limit-option.ts';
import { noneFound } from '../../io/none-found.ts';
import { outputIsTerminal, printJson, printNote } from '../../io/output.ts';
import { printTable, type Column } from '../../io/table.ts';
import type { TimeOptions } from '../../io/time-format.ts';

export interface ListOptions extends TimeOptions {
  readonly json?: boolean;
  readonly limit: string;
  readonly state?: string;
  readonly outcome?: string;
  readonly workspace?: string;
  readonly since?: string;
  readonly until?: string;
  readonly text?: string;
}

/** The columns for programs. On a terminal, STATE and OUTCOME share a column: NOT REMOVED shows what is not purged. */
const COLUMNS: readonly Column[] = [
  { title: 'RUN', is: 'run' },
  'NAME',
  { title: 'STATE', is: 'state' },
  { title: 'OUTCOME', is: 'state' },
  { title: 'STARTED', is: 'time' },
  'SECRETS',
  'NOT REMOVED',
];
const TERMINAL_COLUMNS = COLUMNS.toSpliced(3, 1);

/** Implements `nf-escrow runs list`. */
export async function listRuns(
  context: Context,
  { json, time, limit, ...filter }: ListOptions,
): Promise<void> {
  const path = `/v1/runs?${new URLSearchParams(filter as Record<string, string>).toString()}`;
  const runs = await readAll<Run>(await context.daemon(), path, 'runs', limitOf(limit));
  const options = time === undefined ? {} : { time };
  if (json === true) printJson({ runs });
  else if (runs.length === 0)
    printNote(noneFound(filter, 'run', 'No runs yet. Start one: nf-escrow run PIPELINE'));
  else if (outputIsTerminal()) await printTable(TERMINAL_COLUMNS, runs.map(terminalRowOf), options);
  else await printTable(COLUMNS, runs.map(rowOf), options);
}

function rowOf(run: Run): string[] {
  const { id, runName, state, outcome, createdAt, secrets, pendingRemovals } = run;
  return [
    id,
    runName ?? '-',
    state,
    outcome ?? '-',
    createdAt,
    String(secrets.length),
    String(pendingRemovals),
  ];
}

function terminalRowOf(run: Run): string[] {
  const { state, outcome } = run;
  return rowOf(run).toSpliced(2, 2, outcome ?? state);
}
