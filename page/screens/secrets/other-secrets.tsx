import type { JSX } from 'preact';
import type { SecretSearch } from '../../../daemon/contract/types.ts';
import { addressOf, useSecretSearch, type SecretPlace } from '../../api/secrets.ts';
import { Name } from '../../components/name.tsx';
import { Table, type Column } from '../../components/table.tsx';
import { Time } from '../../components/time.tsx';
import { count } from '../../format/counts.ts';
import { product } from '../../product.ts';

type Found = SecretSearch['found'][number];

interface OtherSecretsProps {
  /** The place whose secrets are listed above. */
  readonly place: SecretPlace;
  readonly search: string;
}

/** Secrets of other workspaces, and of the person, that match a search. */
export function OtherSecrets({ place, search }: OtherSecretsProps): JSX.Element | null {
  const { data } = useSecretSearch(search.trim());
  const { hasOwnSecrets } = product();
  const others =
    data?.found.filter(
      ({ workspace }) => workspace !== (place.workspace ?? null) && (workspace !== null || hasOwnSecrets),
    ) ?? [];
  if (others.length === 0) return null;
  return (
    <section class="others">
      <h2>Other matches</h2>
      <Table
        label="Other matches"
        columns={COLUMNS}
        rows={others}
        keyOf={({ workspace, secret }) => `${workspace ?? ''} ${secret.name}`}
      />
      {data?.next !== undefined && (
        <p class="quiet-text">
          Only the first {count(data.found.length, 'match', 'matches')} are shown. Type more of the name.
        </p>
      )}
    </section>
  );
}

const COLUMNS: readonly Column<Found>[] = [
  {
    title: 'Name',
    kind: 'main',
    cell: ({ secret, workspace }) => (
      <a class="row-link" href={addressOf(secret.name, workspace)}>
        <Name mono>{secret.name}</Name>
      </a>
    ),
  },
  { title: 'Workspace', kind: 'place', cell: ({ workspace }) => <Name>{workspace ?? 'Your secrets'}</Name> },
  { title: 'Updated', kind: 'time', cell: ({ secret }) => <Time at={secret.lastUpdated} /> },
];
