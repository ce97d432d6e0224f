import type { Command } from 'commander';
import { readAll } from '../../api-client/read-all.ts';
import type { AuditQuery, JournalEvent } from '../../contract/types.ts';
import type { Context } from '../context.ts';
import { findListed, lazily } from '../places.ts';
import { limitOf } from '../io/limit-option.ts';
import { printJson, printNote } from '../io/output.ts';
import { printTable, type Column } from '../io/table.ts';
import type { TimeOptions } from '../io/time-format.ts';
import { addTimeOption } from '../io/time-option.ts';

/** Filters are called like those of the API. */
interface AuditOptions extends TimeOptions, Readonly<Partial<Record<keyof AuditQuery, string>>> {
  readonly limit: string;
  readonly server?: string;
  readonly json?: boolean;
}

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
    .option('--limit <N>', 'maximum number of events', '50')
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
    .addHelpText('after', '\nExample: nf-escrow audit --type secret --since 2026-11-28')
    .action((options: AuditOptions) => showAudit(context, options));
}

async function showAudit(context: Context, options: AuditOptions): Promise<void> {
  const { json, time, limit, server, workspace, ...others } = options;
  const { client, filter } = await findListed(context, { server, workspace }, () => lazily(context));
  const path = `/v1/audit?${new URLSearchParams({ ...others, ...filter }).toString()}`;
  const events = await readAll<JournalEvent>(client, path, 'events', limitOf(limit));
  if (json === true) printJson({ events });
  else if (events.length === 0) printNote('No events recorded yet.');
  else await printTable(COLUMNS, events.map(rowOf), time === undefined ? {} : { time });
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
