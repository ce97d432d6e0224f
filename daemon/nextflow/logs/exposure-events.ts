import { isSecretName } from '../../contract/secret-name.ts';
import type { ExposureEncoding, ExposureSearch, SearchGap } from '../../contract/types.ts';

/** A file in which the plugin found values. */
export interface ExposureEvent {
  /** Relative to the work directory if it is below it, else absolute. */
  readonly file: string;
  /** Null for a file of the run as a whole. */
  readonly task: string | null;
  readonly process: string | null;
  readonly secrets: readonly string[];
  /** How the values are written. The plugin searches only for what Nextflow writes: the value, and its escaped forms. */
  readonly encodings?: readonly ExposureEncoding[];
}

/** Maximum length of a path on Linux. */
const PATH_MAX = 4096;
const TEXT_MAX = 1000;
const GAPS_MAX = 20;
const NAMES_MAX = 1000;
/** Reasons that the plugin reports: plugin/, Gaps.java and SearchTerms.java. */
const REASONS: readonly SearchGap['reason'][] = [
  'budget',
  'not-plain',
  'unreadable',
  'remote',
  'time',
  'queue',
  'failed',
  'value-short',
  'value-common',
  'value-unreadable',
];

/** Parses an event about one file. Throws if it is malformed, because tasks can write to the event file. */
export function exposureOf(fields: Readonly<Record<string, unknown>>): ExposureEvent {
  const file = text(fields['file'], PATH_MAX);
  const secrets = names(fields['secrets']);
  if (file === null || secrets.length === 0) throw new Error('not an exposure');
  return { file, task: text(fields['task'], TEXT_MAX), process: text(fields['process'], TEXT_MAX), secrets };
}

/** Parses an event about the whole search. The search is incomplete unless the event says otherwise. */
export function searchOf(fields: Readonly<Record<string, unknown>>): ExposureSearch {
  const gaps = Array.isArray(fields['gaps'])
    ? (fields['gaps'] as unknown[]).slice(0, GAPS_MAX).map(gapOf)
    : [];
  return {
    by: 'plugin',
    complete: fields['complete'] === true && gaps.length === 0,
    tasks: count(fields['tasks']),
    files: count(fields['files']),
    bytes: count(fields['bytes']),
    omitted: count(fields['omitted']),
    gaps,
  };
}

function gapOf(value: unknown): SearchGap {
  const fields = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const [example, secrets] = [text(fields['example'], PATH_MAX), names(fields['secrets'])];
  return {
    reason: REASONS.find((reason) => reason === fields['reason']) ?? 'unknown',
    count: count(fields['count']),
    ...(example === null ? {} : { example }),
    ...(secrets.length === 0 ? {} : { secrets }),
  };
}

function count(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : 0;
}

function text(value: unknown, longest: number): string | null {
  return typeof value === 'string' && value !== '' ? value.slice(0, longest) : null;
}

function names(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return (value as unknown[])
    .slice(0, NAMES_MAX)
    .filter((name): name is string => typeof name === 'string' && isSecretName(name));
}
