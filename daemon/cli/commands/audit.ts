import type { Command } from 'commander';
import type { Client } from '../../api-client/client.ts';
import { readAll, readPages } from '../../api-client/read-all.ts';
import type { AuditQuery, JournalEvent } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { findListed, lazily } from '../places.ts';
import { limitOf } from '../io/limit-option.ts';
import { noneFound } from '../io/none-found.ts';
import { printJson, printNote, writeJsonLine } from '../io/output.ts';
import { printTable, type Column } from '../io/table.ts';
import type { TimeOptions } from '../io/time-format.ts';
import { addTimeOption } from '../io/time-option.ts';

/** Filters are called like those of the API. */
interface AuditOptions extends TimeOptions, Readonly<Partial<Record<keyof AuditQuery, string>>> {
  readonly limit?: string;
  readonly server?: string;
  readonly json?: boolean;
  readonly jsonl?: boolean;
}

const DEFAULT_LIMIT = '50';
/** Events of one request of an export. */
const PAGE = 1000;

const COLUMNS: readonly Column[] = [
  'SEQ',
  { title: 'TIME', is: 'time' },
  'BY',
  'EVENT',
  { title: 'RUN', is: 'run' },
  { title: 'DETAILS', is: 'long' },
];

export function addAudit(program: Command, context: Context): void {
  addTimeOption(program.command('audit'))
    .description('List the events of the audit log, newest first; values are never shown')
    .option('--limit <N>', 'maximum number of events (default: 50; with --jsonl, all)')
    .option('--before <SEQ>', 'only events before this number, to get the next page')
    .option('--type <TYPE>', 'only events of this type: secret.set, or secret for all events of secrets')
    .option('--by <USER>', 'only actions of this user')
    .option('--run <RUN>', 'only events of the run with this id')
    .option('--secret <NAME>', 'only changes to secrets with this name, and runs that received one')
    .option('--workspace <ORG/NAME>', 'only events of this workspace, its secrets and its runs')
    .option('--server <NAME>', 'audit log of this team server (default: of your daemon)')
    .option('--since <TIME>', 'only events at this time or later (ISO 8601)')
    .option('--until <TIME>', 'only events before this time')
    .option('--text <TEXT>', 'only events that contain this text')
    .option('--json', 'JSON output')
    .option('--jsonl', 'export the events as JSON lines, one event in each')
    .addHelpText('after', '\nExample: nf-escrow audit --type secret --since 2026-11-28')
    .action((options: AuditOptions) => showAudit(context, options));
}

async function showAudit(context: Context, options: AuditOptions): Promise<void> {
  const { json, jsonl, time, limit, server, workspace, ...others } = options;
  if (json === true && jsonl === true)
    throw new EscrowError('usage', 'Cannot use --json and --jsonl together.', {
      hint: 'Remove one of them.',
    });
  const { client, filter } = await findListed(context, { server, workspace }, () => lazily(context));
  const filters = { ...others, ...filter };
  const path = `/v1/audit?${new URLSearchParams(filters).toString()}`;
  if (jsonl === true) {
    await exportEvents(client, path, limit === undefined ? Infinity : limitOf(limit));
    return;
  }
  const events = await readAll<JournalEvent>(client, path, 'events', limitOf(limit ?? DEFAULT_LIMIT));
  if (json === true) printJson({ events });
  else if (events.length === 0) printNote(noneFound(filters, 'event', 'No events recorded yet.'));
  else await printTable(COLUMNS, events.map(rowOf), time === undefined ? {} : { time });
}

/** Writes each page when it arrives: an audit log of years does not fit in memory. */
async function exportEvents(client: Client, path: string, limit: number): Promise<void> {
  let [left, cursor]: [number, string | undefined] = [limit, undefined];
  do {
    const page: string = cursor === undefined ? path : `${path}&cursor=${encodeURIComponent(cursor)}`;
    const { items, last } = await readPages<JournalEvent>(client, page, 'events', Math.min(left, PAGE));
    for (const event of items) writeJsonLine(event);
    left -= items.length;
    cursor = last.next;
  } while (cursor !== undefined && left > 0);
}

function rowOf({ seq, at, by, type, run, data }: JournalEvent): string[] {
  return [String(seq), at, by ?? '-', type, run ?? '-', detailsOf(data)];
}

function detailsOf(data: JournalEvent['data']): string {
  const pairs = Object.entries(data).map(([key, value]: [string, unknown]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return `${key}=${text}`;
  });
  return pairs.join(' ') || '-';
}
