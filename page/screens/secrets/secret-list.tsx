import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Secret } from '../../../daemon/contract/types.ts';
import { useSecrets, type SecretPlace } from '../../api/secrets.ts';
import { go, place as current, setQuery, to } from '../../app/router.ts';
import { Button } from '../../components/button.tsx';
import { Search } from '../../components/field.tsx';
import { ScreenHead } from '../../components/screen-head.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import { commandLine } from '../../format/command.ts';
import { count } from '../../format/counts.ts';
import { ImportDialog } from './import/import-dialog.tsx';
import { OtherSecrets } from './other-secrets.tsx';
import { RemoveSecret } from './remove-secret.tsx';
import { SecretForm } from './secret-form.tsx';
import { SecretPanel } from './secret-panel.tsx';
import { SecretTable } from './secret-table.tsx';

interface SecretListProps {
  readonly title: string;
  readonly subtitle: ComponentChildren;
  readonly place: SecretPlace;
  /** Path of the screen. */
  readonly address: readonly string[];
  readonly selected: string | undefined;
  readonly canWrite: boolean;
  /** Shows which secret overrides this one, or in which workspaces this one overrides others. */
  readonly overrideOf: (secret: Secret) => ComponentChildren;
}

/** A dialog that changes a secret. */
type Change = { readonly kind: 'update' | 'remove'; readonly secret: Secret };

/** The screen of the secrets of a place: search, table, details, and the dialogs that change them. */
export function SecretList(props: SecretListProps): JSX.Element {
  const { title, subtitle, place, address, selected, canWrite, overrideOf } = props;
  const { query } = current.value;
  const { data: secrets, problem, retry } = useSecrets(place);
  const [change, setChange] = useState<Change>();
  const search = query.get('search') ?? '';
  const found = secrets?.filter(({ name }) => name.toLowerCase().includes(search.trim().toLowerCase())) ?? [];
  const shown = secrets?.find(({ name }) => name === selected);
  const start = (kind: Change['kind']) => (secret: Secret) => {
    setChange({ kind, secret });
  };
  const close = (): void => {
    setChange(undefined);
  };
  const add = (
    <>
      <Button
        icon="upload"
        onClick={() => {
          setQuery({ import: '1' });
        }}
      >
        Import…
      </Button>
      <Button
        kind="primary"
        icon="plus"
        onClick={() => {
          setQuery({ add: '1' });
        }}
      >
        Add secret
      </Button>
    </>
  );
  return (
    <>
      <ScreenHead title={title} subtitle={subtitle} actions={canWrite && add} />
      {problem !== undefined && <Failure problem={problem} retry={retry} />}
      {secrets === undefined && problem === undefined && <Skeleton />}
      {secrets?.length === 0 && (
        <Empty
          icon="key"
          title="No secrets yet"
          command={commandLine('nf-escrow', 'secrets', 'set', 'DB_PASSWORD', ...place.options)}
        >
          A secret is a name and a value. The tasks of a process that declares the secret receive the value as
          an environment variable.
        </Empty>
      )}
      {secrets !== undefined && secrets.length > 0 && (
        <>
          <div class="toolbar">
            <Search
              label="Search secrets"
              value={search}
              onInput={(text) => {
                setQuery({ search: text });
              }}
            />
            <span class="quiet-text" role="status">
              {search === ''
                ? count(secrets.length, 'secret')
                : `${String(found.length)} of ${count(secrets.length, 'secret')}`}
            </span>
          </div>
          <SecretTable
            {...{ title, place, address, canWrite, overrideOf, search }}
            secrets={found}
            onUpdate={start('update')}
            onRemove={start('remove')}
          />
          {search.trim() !== '' && <OtherSecrets place={place} search={search} />}
        </>
      )}
      {shown !== undefined && change === undefined && (
        <SecretPanel
          {...{ place, canWrite }}
          secret={shown}
          override={overrideOf(shown)}
          onUpdate={() => {
            setChange({ kind: 'update', secret: shown });
          }}
          onRemove={() => {
            setChange({ kind: 'remove', secret: shown });
          }}
          onClose={() => {
            go(to(address, { search }));
          }}
        />
      )}
      {canWrite && query.get('add') !== null && (
        <SecretForm
          place={place}
          onClose={() => {
            setQuery({ add: undefined });
          }}
        />
      )}
      {canWrite && query.get('import') !== null && (
        <ImportDialog
          place={place}
          onClose={() => {
            setQuery({ import: undefined });
          }}
        />
      )}
      {change?.kind === 'update' && <SecretForm place={place} secret={change.secret} onClose={close} />}
      {change?.kind === 'remove' && <RemoveSecret place={place} secret={change.secret} onClose={close} />}
    </>
  );
}
