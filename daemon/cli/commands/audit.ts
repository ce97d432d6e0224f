import type { Command } from 'commander';
import type { Audit, JournalEvent } from '../../contract/types.ts';
import type { Context } from '../context.ts';
import { print, printJson } from '../io/output.ts';
import { printTable } from '../io/table.ts';

interface AuditOptions {
  readonly limit: string;
  readonly before?: string;
  readonly json?: boolean;
}

export function addAudit(program: Command, context: Context): void {
  program
    .command('audit')
    .description('List the events of the audit log, newest first; values are never shown')
    .option('--limit <N>', 'maximum number of events', '50')
    .option('--before <SEQ>', 'only events before this number, to get the next page')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow audit --limit 20')
    .action((options: AuditOptions) => showAudit(context, options));
}

async function showAudit(context: Context, { json, ...filter }: AuditOptions): Promise<void> {
  const query = new URLSearchParams(filter).toString();
  const { events } = await (await context.daemon()).call<Audit>('GET', `/v1/audit?${query}`);
  if (json === true) printJson({ events });
  else if (events.length === 0) print('No events recorded yet.');
  else await printTable(['SEQ', 'TIME', 'BY', 'EVENT', 'RUN', 'DETAILS'], events.map(rowOf));
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
