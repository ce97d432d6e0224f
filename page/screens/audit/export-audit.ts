import type { Audit } from '../../../daemon/contract/types.ts';
import { call } from '../../api/call.ts';
import { count } from '../../format/counts.ts';

/** Maximum number of pages, of 1,000 events each. */
const PAGES_MAX = 100;

/** Saves the events that match a query as a file with a JSON object on each line, newest first. Returns what was saved. */
export async function exportAudit(query: Readonly<Record<string, string>>): Promise<string> {
  const lines: string[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const next = cursor === undefined ? {} : { cursor };
    const search = new URLSearchParams({ ...query, limit: '1000', ...next }).toString();
    const found = await call<Audit>('GET', `v1/audit?${search}`);
    lines.push(...found.events.map((event) => `${JSON.stringify(event)}\n`));
    cursor = found.next;
    if (cursor === undefined) break;
  }
  save(new Blob(lines, { type: 'application/jsonl' }));
  const saved = `Exported ${count(lines.length, 'event')}`;
  return cursor === undefined ? saved : `${saved}, the newest ones. Use filters to export earlier events.`;
}

function save(content: Blob): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = address;
  link.download = `nf-escrow-audit-${new Date().toISOString().slice(0, 10)}.jsonl`;
  link.click();
  URL.revokeObjectURL(address);
}
