/** A figure of a campaign. */
export type TableRow = readonly [name: string, value: string | number];

/** Returns a Markdown table. */
export function tableOfRows(rows: readonly TableRow[]): string {
  return ['| | |', '|---|---|', ...rows.map(([name, value]) => `| ${name} | ${String(value)} |`)].join('\n');
}

/** Returns rows that specify the one above them. */
export function counted(what: Readonly<Record<string, number>>): TableRow[] {
  return Object.entries(what).map(([key, count]) => [`… ${key}`, count]);
}
