import type { Task } from '../../contract/types.ts';
import { isSecretName } from '../../contract/secret-name.ts';
import type { ExposureSearch } from '../../contract/types.ts';
import { readDuration } from './duration.ts';
import { exposureOf, searchOf, type ExposureEvent } from './exposure-events.ts';

/** One line of `events.jsonl`, which the plugin writes (plugin/, RunEvents.java). */
export type RunEvent =
  | { readonly task: Task; readonly job: EventJob | undefined }
  | { readonly began: RunBegin }
  | { readonly ended: PluginRunEnd }
  | { readonly exposure: ExposureEvent }
  | { readonly searched: ExposureSearch }
  | { readonly definition: DefinitionEvent };

/** An AWS Batch job definition that contains references to the run's secrets. */
export interface DefinitionEvent {
  readonly name: string;
  /** Whether AWS has registered or rejected it, so that no request is pending. */
  readonly registered: boolean;
  /** Time of the event (ISO 8601, UTC). */
  readonly at: string;
}

/** The scheduler job of a task. */
export interface EventJob {
  /** Nextflow's name of the executor. */
  readonly executor: string;
  readonly id: string;
  /** Work directory of the task. */
  readonly workDirectory: string | null;
}

/** Properties of a run, recorded when it starts. */
export interface RunBegin {
  readonly name: string | undefined;
  readonly session: string | undefined;
  /** Work directory. */
  readonly work: string | undefined;
  /** Path of the trace file. */
  readonly trace: string | undefined;
  /** Whether values are masked in the names of tasks. */
  readonly masked: boolean;
}

/** The end of a run as recorded by the plugin. */
export interface PluginRunEnd {
  readonly success: boolean;
  /** Class of the error that ended the run. */
  readonly error: string | undefined;
}

/** Longer texts are truncated, because the pipeline chooses names of tasks. */
const TEXT_MAX = 1000;
/** Maximum length of a path on Linux. A longer one is ignored, because truncation would change it. */
const PATH_MAX = 4096;
const ANSWERED: readonly string[] = ['job-definition.registered', 'job-definition.refused'];
const STATUS: Readonly<Record<string, string | null>> = {
  'task.submit': 'SUBMITTED',
  'task.start': 'RUNNING',
  'task.end': null,
  'task.cached': 'CACHED',
};

/**
 * Parses one line. Returns undefined for an unknown type of event. Throws if the line is not an event, because tasks can
 * write to the file.
 */
export function readEvent(line: string): RunEvent | undefined {
  const event: unknown = JSON.parse(line);
  if (typeof event !== 'object' || event === null || Array.isArray(event)) throw new Error('not an object');
  const fields = event as Record<string, unknown>;
  const type = fields['type'];
  if (typeof type !== 'string') throw new Error('missing type');
  if (type === 'run.begin')
    return {
      began: {
        name: text(fields['name']),
        session: text(fields['session']),
        work: path(fields['work']),
        trace: path(fields['trace']),
        masked: fields['masked'] === true,
      },
    };
  if (type === 'run.end')
    return { ended: { success: fields['success'] === true, error: text(fields['error']) } };
  if (type === 'exposure') return { exposure: exposureOf(fields) };
  if (type === 'search') return { searched: searchOf(fields) };
  if (type.startsWith('job-definition.')) return { definition: definitionOf(type, fields) };
  if (!Object.hasOwn(STATUS, type)) return undefined;
  const task = taskOf(type, fields);
  return { task, job: jobOf(task, fields) };
}

/** Parses a name by AWS's rule, followed by a revision if the definition is registered. */
function definitionOf(type: string, { definition, at }: Record<string, unknown>): DefinitionEvent {
  const [, name] = /^([A-Za-z0-9_-]{1,128})(?::[0-9]{1,9})?$/.exec(text(definition) ?? '') ?? [];
  const time = Date.parse(text(at) ?? '');
  if (name === undefined || Number.isNaN(time)) throw new Error('not a job definition');
  return { name, registered: ANSWERED.includes(type), at: new Date(time).toISOString() };
}

function taskOf(type: string, fields: Record<string, unknown>): Task {
  const taskId = text(fields['task']);
  if (taskId === undefined) throw new Error('missing task');
  const attempt = fields['attempt'];
  return {
    taskId,
    hash: text(fields['hash']) ?? null,
    nativeId: text(fields['native']) ?? null,
    name: text(fields['name']) ?? null,
    status: text(fields['status']) ?? STATUS[type] ?? null,
    exit: text(fields['exit']) ?? null,
    process: text(fields['process']) ?? null,
    attempt: Number.isInteger(attempt) ? (attempt as number) : null,
    durationMs: readDuration(text(fields['duration']) ?? null),
    secrets: names(fields['secrets']),
    exposed: [],
  };
}

function jobOf({ nativeId: id }: Task, fields: Record<string, unknown>): EventJob | undefined {
  const executor = text(fields['executor']);
  if (executor === undefined || id === null) return undefined;
  return { executor, id, workDirectory: path(fields['workdir']) ?? null };
}

function path(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= PATH_MAX ? value : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, TEXT_MAX) : undefined;
}

function names(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return (value as unknown[]).filter((name) => typeof name === 'string' && isSecretName(name)) as string[];
}
