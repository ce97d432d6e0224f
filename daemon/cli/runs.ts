import { createInterface } from 'node:readline/promises';
import type { Receipt, Run, RunList } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import type { Context } from './context.ts';
import { print, printJson, printTable } from './output.ts';

export async function listRuns(context: Context, options: { json?: boolean }): Promise<void> {
  const { runs } = await (await context.daemon()).call<RunList>('GET', '/v1/runs');
  if (options.json === true) printJson({ runs });
  else if (runs.length === 0) print('No runs yet. Start one: nf-escrow run PIPELINE');
  else printTable(['RUN', 'NAME', 'STATE', 'OUTCOME', 'STARTED', 'SECRETS', 'LEFT'], runs.map(rowOf));
}

export async function showRun(context: Context, wanted: string, options: { json?: boolean }): Promise<void> {
  const run = await (await context.daemon()).call<Run>('GET', runPath(wanted));
  if (options.json === true) printJson(run);
  else printRun(run);
}

export async function showReceipt(
  context: Context,
  wanted: string,
  options: { json?: boolean },
): Promise<void> {
  const receipt = await (await context.daemon()).call<Receipt>('GET', `${runPath(wanted)}/receipt`);
  if (options.json === true) {
    printJson(receipt);
    return;
  }
  printRun(receipt.run);
  for (const lease of receipt.leases) {
    print('');
    print(`placed       ${lease.placedAt ?? 'never'}  ${lease.store}  ${lease.target}`);
    print(
      `gone         ${lease.goneAt ?? 'not yet'}  after ${String(lease.tries)} ${lease.tries === 1 ? 'try' : 'tries'}`,
    );
    print(`checked      ${lease.check ?? '-'}`);
    if (lease.lastError !== null) print(`last error   ${lease.lastError}`);
  }
  print('');
  print(receipt.complete ? 'Nothing is left.' : 'Something is left; its removal is tried again.');
}

export async function cancelRun(context: Context, wanted: string): Promise<void> {
  const run = await (await context.daemon()).call<Run>('POST', `${runPath(wanted)}/cancel`);
  print(run.state === 'running' ? `Run ${run.id} was asked to end.` : `Run ${run.id} is ${run.state}.`);
}

export async function purgeRun(
  context: Context,
  wanted: string,
  options: { force?: boolean; yes?: boolean },
): Promise<void> {
  if (options.force === true && options.yes !== true)
    await confirm(`Take the secrets of ${wanted} away, even if it is alive?`);
  const query = options.force === true ? '?force=true' : '';
  const run = await (await context.daemon()).call<Run>('POST', `${runPath(wanted)}/purge${query}`);
  print(
    run.pendingRemovals === 0
      ? `Nothing of run ${run.id} is left.`
      : `Not all of run ${run.id} could be removed; it is tried again.`,
  );
}

/** `nf-escrow status`: what runs, what is placed, what waits for removal; one line each. */
export async function status(context: Context, options: { json?: boolean }): Promise<void> {
  const { runs } = await (await context.daemon()).call<RunList>('GET', '/v1/runs?limit=1000');
  const open = runs.filter(({ state }) => state !== 'purged');
  if (options.json === true) printJson({ runs: open });
  else if (open.length === 0) print('Nothing runs, nothing is placed, nothing waits for removal.');
  else {
    for (const run of open) {
      const what =
        run.state === 'ended'
          ? `over (${run.outcome ?? '?'}), waits for removal of ${String(run.pendingRemovals)}`
          : `${run.state}, ${String(run.secrets.length)} secrets placed`;
      print(`${run.id}  ${run.runName ?? '-'}  ${what}  ${run.launchDirectory}`);
    }
  }
}

function runPath(wanted: string): string {
  return `/v1/runs/${encodeURIComponent(wanted)}`;
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

function printRun(run: Run): void {
  const outcome = run.outcome === null ? '-' : `${run.outcome} (${run.outcomeEvidence ?? ''})`;
  const secrets = run.secrets.map(({ name, scope }) => `${name} (${scope})`).join(', ');
  const lines: readonly (readonly [string, string])[] = [
    ['run', run.id],
    ['name', run.runName ?? '-'],
    ['state', run.state],
    ['outcome', outcome],
    ['workspace', run.workspace],
    ['secrets', secrets || 'none'],
    ['directory', run.launchDirectory],
    ['command', ['nextflow', ...run.arguments].join(' ')],
    ['log', run.logFile ?? '-'],
    ['planned', run.createdAt],
    ['ended', run.endedAt ?? '-'],
    ['purged', run.purgedAt ?? '-'],
  ];
  for (const [key, value] of lines) print(`${key.padEnd(11)}  ${value}`);
}

async function confirm(question: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw new EscrowError('usage', 'This takes something away for good.', { hint: 'Say --yes to mean it.' });
  const line = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await line.question(`${question} [y/N] `);
  line.close();
  if (!/^y(es)?$/i.test(answer))
    throw new EscrowError('usage', 'Nothing was done.', { hint: 'Answer y to do it.' });
}
