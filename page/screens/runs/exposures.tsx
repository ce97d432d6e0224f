import type { JSX } from 'preact';
import type { Exposure, Receipt } from '../../../daemon/contract/types.ts';
import { Name } from '../../components/name.tsx';
import { Table, type Column } from '../../components/table.tsx';
import { bytes, count } from '../../format/counts.ts';

/** The files in which values of secrets were found, and how completely the files were searched. */
export function Exposures({ receipt: { exposures, search } }: { readonly receipt: Receipt }): JSX.Element {
  return (
    <section>
      <h2>Search for secret values</h2>
      {exposures.length > 0 && (
        <Table
          label="Exposed secrets"
          columns={COLUMNS}
          rows={exposures}
          keyOf={({ secret, process }) => `${secret} ${process ?? ''}`}
        />
      )}
      {search === null ? (
        <p class="quiet-text">nf-escrow has not searched the files of the run for secret values.</p>
      ) : (
        <p class="quiet-text">
          nf-escrow searched {count(search.files, 'file')} of {count(search.tasks, 'task')} (
          {bytes(search.bytes)}){exposures.length === 0 ? ' and found no secret values' : ''}.{' '}
          {search.complete ? 'The search was complete.' : 'The search was incomplete.'}
        </p>
      )}
    </section>
  );
}

const COLUMNS: readonly Column<Exposure>[] = [
  { title: 'Secret', kind: 'place', cell: ({ secret }) => <Name mono>{secret}</Name> },
  {
    title: 'Process',
    kind: 'wide',
    cell: ({ process }) => (process === null ? '–' : <Name mono>{process}</Name>),
  },
  {
    title: 'Files',
    kind: 'main',
    cell: ({ files, fileCount }) => (
      <span class="stacked wrapping">
        {files.slice(0, 3).map((file) => (
          <Name key={file} mono>
            {file}
          </Name>
        ))}
        {fileCount > 3 && <span class="quiet-text">and {fileCount - 3} more</span>}
      </span>
    ),
  },
];
