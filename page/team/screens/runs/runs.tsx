import type { JSX } from 'preact';
import { titleOf, useWorkspaces, type WorkspaceName } from '../../../api/workspaces.ts';
import { place, setQuery } from '../../../app/router.ts';
import { Button } from '../../../components/button.tsx';
import { Search } from '../../../components/field.tsx';
import { ScreenHead } from '../../../components/screen-head.tsx';
import { Segments } from '../../../components/segments.tsx';
import { Empty } from '../../../components/states.tsx';
import { commandLine } from '../../../format/command.ts';
import { onServer } from '../../api/on-server.ts';
import { ReleaseList } from './release-list.tsx';

/** Filters, with the query of the API. */
const SHOWN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  running: { state: 'running' },
  pending: { removal: 'pending' },
};
const SEGMENTS = [
  { value: 'all', label: 'All' },
  { value: 'running', label: 'Running' },
  { value: 'pending', label: 'Not removed' },
] as const;
/** Characters of ids and names, which the API searches for. */
const SEARCHED = /^[A-Za-z0-9:./_-]{1,100}$/;

/** The runs that received secrets of one workspace, or of all. Their daemons report the states. */
export function Runs({ workspace }: { readonly workspace?: WorkspaceName }): JSX.Element {
  const { query } = place.value;
  const show = query.get('show') ?? 'all';
  const text = (query.get('search') ?? '').trim();
  const chosen = workspace === undefined ? (query.get('workspace') ?? '') : titleOf(workspace);
  const isFiltered = show !== 'all' || text !== '' || (workspace === undefined && chosen !== '');
  return (
    <>
      <ScreenHead
        title={workspace === undefined ? 'All runs' : 'Runs'}
        subtitle={
          <>
            Runs that received secrets{workspace === undefined ? '' : ' of '}
            {workspace !== undefined && <span class="strong">{chosen}</span>}, newest first. The daemon of the
            user who launched a run reports its state.
          </>
        }
      />
      <div class="toolbar">
        <Segments
          label="Runs to show"
          value={show}
          options={SEGMENTS}
          onSelect={(value) => {
            setQuery({ show: value === 'all' ? undefined : value });
          }}
        />
        {workspace === undefined && <WorkspaceChoice value={chosen} />}
        <Search
          label="Search runs"
          value={query.get('search') ?? ''}
          onInput={(search) => {
            setQuery({ search });
          }}
        />
      </div>
      {text !== '' && !SEARCHED.test(text) ? (
        <NoMatches />
      ) : (
        <ReleaseList
          label="Runs"
          isOfOneWorkspace={workspace !== undefined}
          query={{
            ...SHOWN[show],
            ...(chosen === '' ? {} : { workspace: chosen }),
            ...(text === '' ? {} : { text }),
          }}
          empty={isFiltered ? <NoMatches /> : <NoRuns title={chosen} />}
        />
      )}
    </>
  );
}

function WorkspaceChoice({ value }: { readonly value: string }): JSX.Element {
  const { data: workspaces = [] } = useWorkspaces();
  return (
    <select
      aria-label="Workspace"
      value={value}
      onChange={(event) => {
        setQuery({ workspace: event.currentTarget.value });
      }}
    >
      <option value="">All workspaces</option>
      {workspaces.map((one) => (
        <option key={titleOf(one)} value={titleOf(one)}>
          {titleOf(one)}
        </option>
      ))}
    </select>
  );
}

function NoMatches(): JSX.Element {
  return (
    <Empty
      icon="search"
      title="No run matches the filters"
      action={
        <Button
          onClick={() => {
            setQuery({ show: undefined, search: undefined, workspace: undefined });
          }}
        >
          Clear the filters
        </Button>
      }
    />
  );
}

function NoRuns({ title }: { readonly title: string }): JSX.Element {
  const options = title === '' ? [] : ['--workspace', onServer(title)];
  return (
    <Empty icon="run" title="No runs yet" command={commandLine('nf-escrow', 'run', ...options, 'main.nf')}>
      To start a pipeline, sign in with nf-escrow login, and run this command. The run appears here.
    </Empty>
  );
}
