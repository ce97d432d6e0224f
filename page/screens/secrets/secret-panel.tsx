import type { ComponentChildren, JSX } from 'preact';
import type { Secret } from '../../../daemon/contract/types.ts';
import type { SecretPlace } from '../../api/secrets.ts';
import { Button } from '../../components/button.tsx';
import { Command } from '../../components/copy.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Fact, Facts } from '../../components/facts.tsx';
import { Name } from '../../components/name.tsx';
import { Time } from '../../components/time.tsx';
import { commandLine } from '../../format/command.ts';
import { product } from '../../product.ts';
import { SecretHistory } from './secret-history.tsx';

interface SecretPanelProps {
  readonly place: SecretPlace;
  readonly secret: Secret;
  readonly canWrite: boolean;
  readonly override: ComponentChildren;
  readonly onUpdate: () => void;
  readonly onRemove: () => void;
  readonly onClose: () => void;
}

/** The details of a secret: its version, dates and uses, and the actions on it. */
export function SecretPanel(props: SecretPanelProps): JSX.Element {
  const { place, secret, canWrite, override, onUpdate, onRemove, onClose } = props;
  const { name, version, dateCreated, lastUpdated, updatedBy } = secret;
  const { SecretUses } = product();
  return (
    <Dialog title={name} kind="panel" onClose={onClose}>
      <Facts>
        <Fact title="Scope">{place.workspace ?? 'Your own'}</Fact>
        <Fact title="Version">{version}</Fact>
        <Fact title="Updated">
          <Time at={lastUpdated} />
        </Fact>
        {updatedBy !== null && (
          <Fact title="Updated by">
            <Name>{updatedBy}</Name>
          </Fact>
        )}
        <Fact title="Created">
          <Time at={dateCreated} />
        </Fact>
        {override !== undefined && <Fact title="Override">{override}</Fact>}
      </Facts>
      {canWrite && (
        <div class="actions">
          <Button icon="edit" onClick={onUpdate}>
            Update value
          </Button>
          <Button icon="trash" kind="danger" onClick={onRemove}>
            Remove
          </Button>
        </div>
      )}
      <h3>Uses</h3>
      <SecretUses place={place} name={name} />
      <h3>Versions</h3>
      <SecretHistory place={place} name={name} version={version} />
      <h3>In a pipeline</h3>
      <p class="quiet-text">
        A process that declares the secret receives its value as an environment variable.
      </p>
      <Command>{`secret '${name}'`}</Command>
      <h3>In a terminal</h3>
      <Command>{commandLine('nf-escrow', 'secrets', 'show', name, ...place.options)}</Command>
    </Dialog>
  );
}
