import type { JSX } from 'preact';
import type { Secret } from '../../../daemon/contract/types.ts';
import { call } from '../../api/call.ts';
import { useResource } from '../../api/resource.ts';
import type { SecretPlace } from '../../api/secrets.ts';
import { Button } from '../../components/button.tsx';
import { Failure, Note, Skeleton } from '../../components/states.tsx';
import { Time } from '../../components/time.tsx';

interface ConflictProps {
  readonly place: SecretPlace;
  readonly name: string;
  /** Replaces the version that exists now. */
  readonly onReplace: (version: number) => void;
}

/** Shows the version that was set after the person opened the form, and offers to replace it. */
export function Conflict({ place, name, onReplace }: ConflictProps): JSX.Element {
  const path = `${place.path}/${encodeURIComponent(name)}`;
  const { data, problem, retry } = useResource(`secrets/conflict/${path}`, () => call<Secret>('GET', path));
  if (problem?.code === 'secret-not-found')
    return (
      <Note tone="warn">{name} was removed in the meantime. Close this form, and add the secret again.</Note>
    );
  if (data === undefined)
    return problem === undefined ? <Skeleton rows={1} /> : <Failure problem={problem} retry={retry} />;
  return (
    <Note
      tone="warn"
      action={
        <Button
          kind="danger"
          onClick={() => {
            onReplace(data.version);
          }}
        >
          Replace version {data.version}
        </Button>
      }
    >
      <p class="strong">
        {data.version === 1 ? `${name} already exists.` : `${name} has changed in the meantime.`}
      </p>
      <p>
        Version {data.version} was set <Time at={data.lastUpdated} />.
      </p>
    </Note>
  );
}
