import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Secret } from '../../../daemon/contract/types.ts';
import type { SecretPlace } from '../../api/secrets.ts';
import { go, setQuery, to } from '../../app/router.ts';
import { Button } from '../../components/button.tsx';
import { copy } from '../../components/copy.tsx';
import { Menu, type MenuItem } from '../../components/menu.tsx';
import { Name } from '../../components/name.tsx';
import { Empty } from '../../components/states.tsx';
import { sorted, Table, type Column, type Sorting } from '../../components/table.tsx';
import { Time } from '../../components/time.tsx';
import { commandLine } from '../../format/command.ts';

interface SecretTableProps {
  readonly title: string;
  readonly place: SecretPlace;
  readonly address: readonly string[];
  readonly secrets: readonly Secret[];
  readonly search: string;
  readonly canWrite: boolean;
  readonly overrideOf: (secret: Secret) => ComponentChildren;
  readonly onUpdate: (secret: Secret) => void;
  readonly onRemove: (secret: Secret) => void;
}

/** The table of secrets that match a search. */
export function SecretTable(props: SecretTableProps): JSX.Element {
  const { title, secrets, search } = props;
  const [sorting, setSorting] = useState<Sorting>({ by: 'Name', isReversed: false });
  const columns = columnsOf(props);
  const clear = (
    <Button
      onClick={() => {
        setQuery({ search: undefined });
      }}
    >
      Clear the search
    </Button>
  );
  if (secrets.length === 0)
    return <Empty icon="search" title={`No secret matches “${search}”`} action={clear} />;
  return (
    <Table
      label={title}
      columns={columns}
      rows={sorted(secrets, columns, sorting)}
      keyOf={({ name }) => name}
      sorting={sorting}
      onSort={setSorting}
    />
  );
}

function columnsOf(props: SecretTableProps): readonly Column<Secret>[] {
  const { address, overrideOf } = props;
  return [
    {
      title: 'Name',
      kind: 'main',
      sort: ({ name }) => name.toLowerCase(),
      cell: (secret) => (
        <span class="badges">
          <a class="row-link" href={to([...address, secret.name])}>
            <Name mono>{secret.name}</Name>
          </a>
          {overrideOf(secret)}
        </span>
      ),
    },
    {
      title: 'Updated',
      kind: 'time',
      sort: ({ lastUpdated }) => -Date.parse(lastUpdated),
      cell: ({ lastUpdated, updatedBy }) => (
        <span class="stacked">
          <Time at={lastUpdated} />
          {updatedBy !== null && (
            <span class="quiet-text">
              <Name>{`by ${updatedBy}`}</Name>
            </span>
          )}
        </span>
      ),
    },
    {
      title: 'Last used',
      kind: 'wide',
      sort: ({ lastUsed }) => (lastUsed === null ? 0 : -Date.parse(lastUsed)),
      cell: (secret) => <LastUse secret={secret} />,
    },
    { title: 'Version', kind: 'widest', cell: ({ version }) => version },
    {
      title: 'Actions',
      kind: 'end',
      isTitleHidden: true,
      cell: (secret) => <Menu label={`Actions for ${secret.name}`} items={actionsOf(secret, props)} />,
    },
  ];
}

function LastUse({
  secret: { lastUsed, lastUsedBy, lastUsedProcess },
}: {
  readonly secret: Secret;
}): JSX.Element {
  if (lastUsed === null) return <span class="quiet-text">Never</span>;
  const time = <Time at={lastUsed} />;
  return (
    <span class="stacked">
      {lastUsedBy === null ? time : <a href={to(['runs', lastUsedBy])}>{time}</a>}
      {lastUsedProcess !== null && (
        <span class="quiet-text">
          <Name mono>{lastUsedProcess}</Name>
        </span>
      )}
    </span>
  );
}

function actionsOf(secret: Secret, props: SecretTableProps): MenuItem[] {
  const { place, address, canWrite, onUpdate, onRemove } = props;
  const { name } = secret;
  const copyCommand = (command: string) => () =>
    void copy(commandLine('nf-escrow', 'secrets', command, name, ...place.options), 'Command copied');
  const general: MenuItem[] = [
    {
      icon: 'info',
      label: 'Details and uses',
      onSelect: () => {
        go(to([...address, name]));
      },
    },
    { icon: 'copy', label: 'Copy name', onSelect: () => void copy(name, 'Name copied') },
  ];
  if (!canWrite) return general;
  return [
    {
      icon: 'edit',
      label: 'Update value',
      onSelect: () => {
        onUpdate(secret);
      },
    },
    ...general,
    { icon: 'command', label: 'Copy command: set', onSelect: copyCommand('set') },
    { icon: 'command', label: 'Copy command: remove', onSelect: copyCommand('remove') },
    {
      icon: 'trash',
      label: 'Remove',
      isDanger: true,
      onSelect: () => {
        onRemove(secret);
      },
    },
  ];
}
