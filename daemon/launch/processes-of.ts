import type { LaunchRequest, Plan, SecretProcess } from '../contract/types.ts';
import type { Queries } from '../ledger/ledger.ts';
import { pipelineOf } from '../nextflow/launcher/pipeline-argument.ts';
import { usesInWorkspace, type UseInRun } from '../runs/records/secret-uses.ts';
import type { DeclaredProcess } from './child/tasks.ts';

/** Number of earlier runs of the pipeline that are considered. */
const RUNS_MAX = 20;
const PROCESSES_MAX = 2000;
const NAME_MAX = 500;
const SECRETS_MAX = 1000;

interface Launched {
  readonly launch: Pick<LaunchRequest, 'pipeline' | 'launchDirectory'>;
  /** ORGANIZATION/NAME */
  readonly workspace: string;
  readonly plan: Plan;
  readonly declared: readonly DeclaredProcess[];
}

/**
 * Returns the processes that use secrets, as far as known: those that declare them in scripts of the pipeline, and those that
 * received them in the newest runs of the same pipeline in the workspace.
 */
export async function processesOf(
  db: Queries,
  { launch, workspace, plan, declared }: Launched,
): Promise<SecretProcess[]> {
  const planned = new Set(plan.secrets.map(({ name }) => name));
  const describe = (
    process: string,
    names: Iterable<string>,
    source: SecretProcess['source'],
  ): SecretProcess => {
    const sorted = [...names].sort().slice(0, SECRETS_MAX);
    return {
      process: process.slice(0, NAME_MAX),
      secrets: sorted.filter((name) => planned.has(name)),
      missing: sorted.filter((name) => !planned.has(name)),
      source,
    };
  };
  const inScripts = declared.map(({ process, secrets }) => describe(process, secrets, 'scripts'));
  const used = inRunsOf(launch, await usesInWorkspace(db, workspace));
  const inRuns = [...used].map(([process, names]) => describe(process, names, 'runs'));
  return [...inScripts, ...inRuns].sort((a, b) => (a.process < b.process ? -1 : 1)).slice(0, PROCESSES_MAX);
}

/** `uses`: newest run first. */
function inRunsOf(launch: Launched['launch'], uses: readonly UseInRun[]): Map<string, Set<string>> {
  const runs = new Map<string, boolean>();
  const found = new Map<string, Set<string>>();
  let count = 0;
  for (const use of uses) {
    if (!runs.has(use.run)) {
      if (count === RUNS_MAX) break;
      runs.set(use.run, isSame(launch, use));
      count += Number(runs.get(use.run));
    }
    if (runs.get(use.run) !== true) continue;
    found.set(use.process, (found.get(use.process) ?? new Set<string>()).add(use.name));
  }
  return found;
}

/** A relative path names different pipelines in different directories. */
function isSame({ pipeline, launchDirectory }: Launched['launch'], use: UseInRun): boolean {
  const named = pipelineOf(JSON.parse(use.arguments) as string[]);
  return named === pipeline && (use.launchDirectory === launchDirectory || !/^\.|\.nf$/.test(pipeline));
}
