import type { JSX } from 'preact';
import { titleOf, useWorkspaces } from '../../api/workspaces.ts';
import { place, setQuery } from '../../app/router.ts';
import { Field, Search } from '../../components/field.tsx';
import { product } from '../../product.ts';

/** Filters of the API that are shown as a field each. */
const TEXTS = [
  ['by', 'User', 'ada'],
  ['secret', 'Secret', 'DB_PASSWORD'],
  ['run', 'Run', 'r20260105kx7q2m'],
] as const;
const DAYS = [
  ['from', 'From'],
  ['to', 'To'],
] as const;
const NAMES = ['type', 'workspace', 'search', ...TEXTS.map(([name]) => name), ...DAYS.map(([name]) => name)];

/** Removes all filters from the address. */
export function clearFilters(): void {
  setQuery(Object.fromEntries(NAMES.map((name) => [name, undefined])));
}

/** Returns the query of the API for the filters in an address. Days are those of the reader, and include the last one. */
export function auditQuery(query: URLSearchParams): Readonly<Record<string, string>> {
  const given = (name: string, value: string | null | undefined): Record<string, string> =>
    value === undefined || value === null || value.trim() === '' ? {} : { [name]: value.trim() };
  return {
    ...given('type', query.get('type')),
    ...given('workspace', query.get('workspace')),
    ...given('text', query.get('search')),
    ...Object.fromEntries(TEXTS.flatMap(([name]) => Object.entries(given(name, query.get(name))))),
    ...given('since', startOf(query.get('from'), 0)),
    ...given('until', startOf(query.get('to'), 1)),
  };
}

/** Returns the start of a day, or of one some days later, in the reader's time zone. */
function startOf(day: string | null, later: number): string | undefined {
  const [, year, month, date] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day ?? '') ?? [];
  if (date === undefined) return undefined;
  return new Date(Number(year), Number(month) - 1, Number(date) + later).toISOString();
}

/** The filters of the audit log. */
export function AuditFilters(): JSX.Element {
  const { query } = place.value;
  const { data: workspaces = [] } = useWorkspaces();
  const isRefined = [...TEXTS, ...DAYS].some(([name]) => query.get(name) !== null);
  return (
    <>
      <div class="toolbar">
        <Choice label="Events" name="type" all="All events" options={product().auditKinds} />
        <Choice
          label="Workspace"
          name="workspace"
          all="All workspaces"
          options={workspaces.map((one) => [titleOf(one), titleOf(one)])}
        />
        <Search
          label="Search events"
          value={query.get('search') ?? ''}
          onInput={(search) => {
            setQuery({ search });
          }}
        />
      </div>
      <details class="filters" open={isRefined}>
        <summary>More filters</summary>
        <div>
          {TEXTS.map(([name, label, example]) => (
            <Field key={name} label={label}>
              {(attributes) => (
                <input
                  {...attributes}
                  type="text"
                  class="mono"
                  autocomplete="off"
                  spellcheck={false}
                  placeholder={example}
                  value={query.get(name) ?? ''}
                  onInput={(event) => {
                    setQuery({ [name]: event.currentTarget.value });
                  }}
                />
              )}
            </Field>
          ))}
          {DAYS.map(([name, label]) => (
            <Field key={name} label={label}>
              {(attributes) => (
                <input
                  {...attributes}
                  type="date"
                  value={query.get(name) ?? ''}
                  onChange={(event) => {
                    setQuery({ [name]: event.currentTarget.value });
                  }}
                />
              )}
            </Field>
          ))}
        </div>
      </details>
    </>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly name: string;
  /** The text for no filter. */
  readonly all: string;
  readonly options: readonly (readonly [value: string, label: string])[];
}

function Choice({ label, name, all, options }: ChoiceProps): JSX.Element {
  return (
    <select
      aria-label={label}
      value={place.value.query.get(name) ?? ''}
      onChange={(event) => {
        setQuery({ [name]: event.currentTarget.value });
      }}
    >
      <option value="">{all}</option>
      {options.map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </select>
  );
}
