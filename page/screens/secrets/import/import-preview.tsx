import type { JSX } from 'preact';
import type { ImportRow } from '../../../api/import.ts';
import { Badge } from '../../../components/badge.tsx';
import { Name } from '../../../components/name.tsx';
import { Time } from '../../../components/time.tsx';
import { count } from '../../../format/counts.ts';
import { visibleText } from '../../../format/visible-text.ts';

interface ImportPreviewProps {
  readonly rows: readonly ImportRow[];
  readonly chosen: ReadonlySet<string>;
  readonly onChoose: (names: ReadonlySet<string>) => void;
}

/** What an import would do, by name, with a choice of names. Existing secrets are replaced only if the person chooses them. */
export function ImportPreview({ rows, chosen, onChoose }: ImportPreviewProps): JSX.Element {
  const possible = rows.filter(({ reason }) => reason === undefined);
  const existing = possible.filter((row) => row.existing !== undefined);
  const isAll = possible.length > 0 && possible.every(({ name }) => chosen.has(name));
  const toggle = (name: string): void => {
    const next = new Set(chosen);
    if (!next.delete(name)) next.add(name);
    onChoose(next);
  };
  const parts = [
    [possible.length - existing.length, 'new'],
    [existing.length, 'existing'],
    [rows.length - possible.length, 'refused'],
  ] as const;
  return (
    <>
      <div class="section-head">
        <label class="check">
          <input
            type="checkbox"
            checked={isAll}
            disabled={possible.length === 0}
            onChange={() => {
              onChoose(new Set(isAll ? [] : possible.map(({ name }) => name)));
            }}
          />
          Select all
        </label>
        <span class="quiet-text" role="status">
          {count(rows.length, 'name')}:{' '}
          {parts
            .filter(([number]) => number > 0)
            .map(([number, label]) => `${String(number)} ${label}`)
            .join(', ')}
        </span>
      </div>
      <ul class="selection" aria-label="Names in the text" tabIndex={0}>
        {rows.map((row, index) => (
          <li key={`${row.name} ${String(index)}`}>
            <label class="check">
              <input
                type="checkbox"
                checked={row.reason === undefined && chosen.has(row.name)}
                disabled={row.reason !== undefined}
                onChange={() => {
                  toggle(row.name);
                }}
              />
              <Name mono>{row.name}</Name>
            </label>
            <Effect row={row} isChosen={chosen.has(row.name)} />
          </li>
        ))}
      </ul>
      {existing.length > 0 && (
        <p class="quiet-text">
          Each existing secret that you select gets a new version. Live runs keep the old value. The preview
          does not show whether a value changes, because a comparison would reveal the existing value.
        </p>
      )}
    </>
  );
}

function Effect({ row, isChosen }: { readonly row: ImportRow; readonly isChosen: boolean }): JSX.Element {
  const { existing, reason } = row;
  if (reason !== undefined)
    return (
      <span class="bad-text" title="Refused">
        Refused: {visibleText(reason)}
      </span>
    );
  if (existing === undefined) return <Badge tone="good">New</Badge>;
  return (
    <span class="badges">
      <span class="quiet-text">
        Version {existing.version}, set <Time at={existing.lastUpdated} />
      </span>
      <Badge tone={isChosen ? 'warn' : 'plain'}>{isChosen ? 'Replace' : 'Keep'}</Badge>
    </span>
  );
}
