import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Problem, Secret } from '../../../daemon/contract/types.ts';
import { asProblem } from '../../api/call.ts';
import { useResource } from '../../api/resource.ts';
import { removeSecret, type SecretPlace } from '../../api/secrets.ts';
import { toast } from '../../app/toast-list.ts';
import { Button } from '../../components/button.tsx';
import { InTerminal } from '../../components/copy.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Failure, Note } from '../../components/states.tsx';
import { commandLine } from '../../format/command.ts';
import { count } from '../../format/counts.ts';
import { product } from '../../product.ts';

interface RemoveSecretProps {
  readonly place: SecretPlace;
  readonly secret: Secret;
  readonly onClose: () => void;
}

/** Asks for confirmation before a secret is removed, and shows the number of live runs that hold its value. */
export function RemoveSecret({ place, secret: { name, version }, onClose }: RemoveSecretProps): JSX.Element {
  const [isRemoving, setRemoving] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const { data: holders = 0 } = useResource(`holders/${place.path}/${name}`, () =>
    product().countHolders(place, name),
  );
  const remove = async (): Promise<void> => {
    setRemoving(true);
    setProblem(undefined);
    try {
      await removeSecret(place, name, version);
      toast(`Removed ${name}`);
      onClose();
    } catch (error) {
      setProblem(asProblem(error));
      setRemoving(false);
    }
  };
  return (
    <Dialog title={`Remove ${name}?`} onClose={onClose}>
      <p class="dialog-text">
        The value is erased and cannot be restored.{' '}
        {place.workspace === undefined ? 'Your new runs' : `New runs in ${place.workspace}`} do not get this
        secret.
      </p>
      {holders > 0 && (
        <Note tone="warn">
          {count(holders, 'live run')}{' '}
          {holders === 1 ? 'keeps the value until it ends' : 'keep the value until they end'}.
        </Note>
      )}
      {problem !== undefined && <Failure problem={problem} />}
      <footer>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="danger" isBusy={isRemoving} onClick={() => void remove()}>
          Remove secret
        </Button>
      </footer>
      <InTerminal>{commandLine('nf-escrow', 'secrets', 'remove', name, ...place.options)}</InTerminal>
    </Dialog>
  );
}
