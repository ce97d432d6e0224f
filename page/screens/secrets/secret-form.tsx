import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { whyInvalid } from '../../../daemon/contract/secret-name-rule.ts';
import type { Problem, Secret } from '../../../daemon/contract/types.ts';
import { asProblem } from '../../api/call.ts';
import { setSecret, type SecretPlace, type SeenVersion } from '../../api/secrets.ts';
import { toast } from '../../app/toast-list.ts';
import { Button } from '../../components/button.tsx';
import { InTerminal } from '../../components/copy.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Failure } from '../../components/states.tsx';
import { commandLine } from '../../format/command.ts';
import { Conflict } from './conflict.tsx';
import { describeValue } from './describe-value.ts';
import { NameField } from './name-field.tsx';
import { useSecretBytes } from './use-secret-bytes.ts';
import { ValueField } from './value-field.tsx';

interface SecretFormProps {
  readonly place: SecretPlace;
  /** The secret whose value is replaced; undefined to add one. */
  readonly secret?: Secret | undefined;
  readonly onClose: () => void;
}

/** The dialog that adds a secret or replaces its value. */
export function SecretForm({ place, secret, onClose }: SecretFormProps): JSX.Element {
  const [name, setName] = useState(secret?.name ?? '');
  const [isTried, setTried] = useState(false);
  const [isSaving, setSaving] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const [value, setValue] = useSecretBytes();
  const valueError = value === undefined ? 'Enter a value.' : describeValue(value).error;
  const isConflict = problem?.code === 'precondition-failed';
  const seen: SeenVersion = secret?.version ?? 'none';

  const save = async (condition: SeenVersion): Promise<void> => {
    setTried(true);
    if (whyInvalid(name) !== undefined || value === undefined || valueError !== undefined) return;
    setSaving(true);
    setProblem(undefined);
    try {
      const { maskable, version } = await setSecret(place, name, value, condition);
      toast(version === 1 ? `Added ${name}` : `Updated ${name} to version ${String(version)}`);
      if (!maskable) toast(`The value of ${name} is too short to be masked in logs.`, 'plain');
      onClose();
    } catch (error) {
      setProblem(asProblem(error));
      setSaving(false);
    }
  };

  return (
    <Dialog title={secret === undefined ? 'Add secret' : `Update ${secret.name}`} onClose={onClose}>
      <form
        noValidate
        autocomplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          void save(seen);
        }}
      >
        {secret === undefined && (
          <NameField
            name={name}
            isTried={isTried}
            onChange={(text) => {
              setName(text);
              setProblem(undefined);
            }}
          />
        )}
        <ValueField
          value={value}
          onChange={setValue}
          error={isTried ? valueError : undefined}
          hasFocus={secret !== undefined}
        />
        {isConflict && <Conflict place={place} name={name} onReplace={(version) => void save(version)} />}
        {problem !== undefined && !isConflict && <Failure problem={problem} />}
        <footer>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" isBusy={isSaving} disabled={isConflict}>
            {secret === undefined ? 'Add secret' : 'Save new value'}
          </Button>
        </footer>
      </form>
      <InTerminal>
        {commandLine(
          'nf-escrow',
          'secrets',
          'set',
          whyInvalid(name) === undefined ? name : 'NAME',
          ...place.options,
        )}
      </InTerminal>
    </Dialog>
  );
}
