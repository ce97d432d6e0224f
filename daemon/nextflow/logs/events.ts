import type { Task } from '../../contract/types.ts';
import { isSecretName } from '../../contract/secret-name.ts';
import type { ExposureSearch } from '../../contract/types.ts';
import { exposureOf, searchOf, type ExposureEvent } from './exposure-events.ts';

/** What one line of `events.jsonl` tells; the plugin (plugin/, RunEvents.java) writes them. */
export type RunEvent =
  | { readonly task: Task; readonly job: EventJob | undefined }
  | { readonly began: RunBegin }
  | { readonly ended: PluginRunEnd }
  | { readonly exposure: ExposureEvent }
  | { readonly searched: ExposureSearch }
  | { readonly definition: DefinitionEvent };

/** A job definition that carries the run's references. */
export interface DefinitionEvent {
  readonly name: string;
  /** AWS has registered it, or has refused to: no request is under way any more. */
  readonly registered: boolean;
  /** When (ISO 8601, UTC). */
  readonly at: string;
}

/** The scheduler's job of a task. */
export interface EventJob {
  /** Nextflow's name of the executor. */
  readonly executor: string;
  readonly id: string;
  /** Of the task. */
  readonly workDirectory: string | null;
}

/** What a run says of itself as it begins. */
export interface RunBegin {
  readonly name: string | undefined;
  readonly session: string | undefined;
  /** Its work directory. */
  readonly work: string | undefined;
  /** Where its trace is written. */
  readonly trace: string | undefined;
  /** No value is in the names of its tasks. */
  readonly masked: boolean;
}

/** How the plugin saw the run end. */
export interface PluginRunEnd {
  readonly success: boolean;
  /** The class of the error that ended it. */
  readonly error: string | undefined;
}

/** Longer texts are cut: a task's name is of the pipeline's making. */
const TEXT_MAX = 1000;
/** As long as a path can be on Linux. A longer one is none: cut, it would be another. */
const PATH_MAX = 4096;
const ANSWERED: readonly string[] = ['job-definition.registered', 'job-definition.refused'];
const STATUS: Readonly<Record<string, string | null>> = {
  'task.submit': 'SUBMITTED',
  'task.start': 'RUNNING',
  'task.end': null,
  'task.cached': 'CACHED',
};

/**
 * Reads one line; undefined for a kind of event that this version does not know. Throws for what is no event: tasks can
 * reach the file.
 */
export function readEvent(line: string): RunEvent | undefined {
  const event: unknown = JSON.parse(line);
  if (typeof event !== 'object' || event === null || Array.isArray(event)) throw new Error('no object');
  const fields = event as Record<string, unknown>;
  const type = fields['type'];
  if (typeof type !== 'string') throw new Error('no type');
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

/** AWS's rule for the name; behind it a revision, once it is registered. */
function definitionOf(type: string, { definition, at }: Record<string, unknown>): DefinitionEvent {
  const [, name] = /^([A-Za-z0-9_-]{1,128})(?::[0-9]{1,9})?$/.exec(text(definition) ?? '') ?? [];
  const time = Date.parse(text(at) ?? '');
  if (name === undefined || Number.isNaN(time)) throw new Error('no definition');
  return { name, registered: ANSWERED.includes(type), at: new Date(time).toISOString() };
}

function taskOf(type: string, fields: Record<string, unknown>): Task {
  const taskId = text(fields['task']);
  if (taskId === undefined) throw new Error('no task');
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
