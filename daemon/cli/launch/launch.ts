import { leaveTerminalAsItIs } from '../io/terminal.ts';
import type { Plan, Run, RunRequest } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { isIgnored } from '../../system/processes/ignored-signals.ts';
import type { Context } from '../context.ts';
import { requestRun } from './request-run.ts';
import { tellExposures } from './tell-exposures.ts';
import { keepHandlingSignals, untilSignal } from './until-signal.ts';
import { purgeWithCredentials } from './with-credentials.ts';
import { describeUndeliverable } from './describe-undeliverable.ts';
import { describePlace } from '../../nextflow/executed/describe-place.ts';
import { print, printJson, warn } from '../io/output.ts';
import { runPath } from '../io/run-path.ts';

/** Requests a run from the daemon and starts it, attached or detached, or prints its plan. Returns the exit status. */
export async function launch(
  context: Context,
  request: RunRequest,
  { background, json }: { readonly background: boolean; readonly json: boolean },
): Promise<number> {
  leaveTerminalAsItIs();
  const atLogout = request.detach === true || background || isIgnored('SIGHUP');
  // Modules that are needed next are loaded while the daemon delivers the secrets.
  const [answer, { exitStatusOfSignal, runInForeground }, killers] = await Promise.all([
    requestRun(context, request),
    import('./run-in-foreground.ts'),
    request.enclosingJob === undefined ? limitsOf({ atLogout }) : [],
  ]);
  if (request.explain === true) {
    if (json) printJson(answer.plan);
    else await explain(answer.plan);
    return 0;
  }
  const { start, run, plan } = answer;
  if (start === undefined || run === undefined)
    throw new EscrowError('internal', 'The daemon planned a run but did not deliver its secrets.');
  if (plan.note !== null) warn(plan.note);
  for (const warning of describeUndeliverable(plan)) warn(warning);
  for (const place of plan.writableByOthers ?? []) warn(`${describePlace(place)}. ${place.remedy}`);
  if (start.environmentFile !== undefined) {
    const { launchJob } = await import('./launch-job.ts');
    return launchJob(context, run, start, { detach: request.detach === true || background, json });
  }
  for (const killer of killers)
    warn(
      `this host ${killer}, including nextflow. Run nextflow as a job: nf-escrow compute-envs update NAME --head-job`,
    );
  if (request.detach === true) {
    const { runDetached } = await import('../../launch/run-detached.ts');
    await runDetached(start);
    if (json) printJson(run);
    else
      print(
        `Started run ${run.id} in the background. Show its output with: nf-escrow runs logs -f ${run.id}`,
      );
    return 0;
  }
  keepHandlingSignals();
  const { status, signal, lostEnvironment } = await runInForeground(start);
  if (lostEnvironment === true)
    warn((await import('./lost-environment.ts')).describeLostEnvironment(request.nextflow));
  if (status !== undefined && status !== 0) await tellFailedStart(status);
  const own = status ?? (signal === undefined ? undefined : exitStatusOfSignal(signal));
  if (background || signal !== undefined) return own ?? 1;
  const settled = await untilSignal(settle(context, run.id));
  if (settled === undefined) {
    warn(`some objects of run ${run.id} may still exist. See: nf-escrow status`);
    process.exit(own ?? 1); // the pending request would keep this process alive
  }
  const ended = settled.result;
  return own ?? ended?.exitStatus ?? (ended?.outcome === 'succeeded' ? 0 : 1);
}

async function tellFailedStart(status: number): Promise<void> {
  const why = (await import('./explain-failed-start.ts')).explainFailedStart(status, process.env);
  if (why !== undefined) warn(why);
}

async function limitsOf(head: { readonly atLogout: boolean }): Promise<string[]> {
  return (await import('../../system/processes/process-limits.ts')).processLimits(head);
}

/**
 * Makes the daemon purge the run now instead of at its next check. Reports pending removals, which the daemon retries. The
 * answer does not change Nextflow's exit status.
 */
async function settle(context: Context, id: string): Promise<Run | undefined> {
  try {
    const run = await purgeWithCredentials(await context.daemon(), `/v1/runs/${id}/purge?ended=true`);
    if (run.pendingRemovals > 0)
      warn(
        `some objects of run ${id} are not removed yet. The daemon retries the removal. See: nf-escrow status`,
      );
    await tellExposures(await context.daemon(), run, warn);
    return run;
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown';
    for (const line of await leftoversOf(context, id)) warn(line);
    warn(`some objects of run ${id} may still exist: ${why} The next nf-escrow command removes them.`);
    return undefined;
  }
}

/** Returns what keeps a run open after nextflow has ended. Never throws: it only explains why the purge was refused. */
async function leftoversOf(context: Context, id: string): Promise<string[]> {
  try {
    const run = await (await context.daemon()).call<Run>('GET', runPath(id));
    return run.leftoverProcesses === undefined
      ? []
      : (await import('../commands/runs/describe-leftovers.ts')).describeLeftovers(run);
  } catch {
    return [];
  }
}

async function explain(plan: Plan): Promise<void> {
  print(`workspace    ${plan.workspace}`);
  print(`compute env  ${plan.computeEnvironment}`);
  print(`store        ${plan.store ?? 'none: there are no secrets to deliver'}`);
  if (plan.secretDelivery !== null) print(`delivered by ${plan.secretDelivery}`);
  if (plan.note !== null) print(`note         ${plan.note}`);
  for (const place of plan.writableByOthers ?? [])
    print(`writable     ${describePlace(place)}. ${place.remedy}`);
  await printUndeliverable(plan);
  if (plan.secrets.length === 0) return;
  print('');
  const { printReportTable } = await import('../io/table.ts'); // no other launch needs it
  await printReportTable(
    ['SECRET', 'FROM', 'VERSION', 'OVERRIDES'],
    plan.secrets.map(({ name, scope, version, overrides }) => [
      name,
      scope,
      String(version ?? '-'),
      overrides.join(', ') || '-',
    ]),
  );
}

async function printUndeliverable({ undeliverable = [] }: Plan): Promise<void> {
  if (undeliverable.length === 0) return;
  print('');
  const { printReportTable } = await import('../io/table.ts');
  await printReportTable(
    ['NOT DELIVERED', 'FROM', 'VERSION', 'REASON'],
    undeliverable.map(({ name, scope, version, reason }) => [name, scope, String(version ?? '-'), reason]),
  );
}
