import type { JSX } from 'preact';
import type { SecretHistory as History } from '../../../daemon/contract/types.ts';
import { useHistory, type SecretPlace } from '../../api/secrets.ts';
import { Badge } from '../../components/badge.tsx';
import { Name } from '../../components/name.tsx';
import { Failure, Skeleton } from '../../components/states.tsx';
import { Time } from '../../components/time.tsx';

interface SecretHistoryProps {
  readonly place: SecretPlace;
  readonly name: string;
  /** The version that exists. */
  readonly version: number;
}

/** The versions of a secret, with the principals who set them and the times. Values of earlier versions no longer exist. */
export function SecretHistory({ place, name, version }: SecretHistoryProps): JSX.Element {
  const { data, problem, retry } = useHistory(place, name);
  if (data === undefined)
    return problem === undefined ? <Skeleton rows={2} /> : <Failure problem={problem} retry={retry} />;
  return (
    <ol class="uses" aria-label="Versions">
      {data.versions.map((one) => (
        <li key={one.version}>
          <span class="strong">Version {one.version}</span>
          {one.version === version && <Badge tone="good">Current</Badge>}
          <span class="quiet-text when">
            <Time at={one.setAt} />
          </span>
          <Change {...one} />
        </li>
      ))}
    </ol>
  );
}

function Change({ setBy, removedAt, removedBy }: History['versions'][number]): JSX.Element {
  return (
    <p class="quiet-text">
      {setBy !== null && (
        <span>
          Set by <Name>{setBy}</Name>
        </span>
      )}
      {removedAt !== null && (
        <span>
          Secret removed <Time at={removedAt} />
          {removedBy !== null && (
            <>
              {' '}
              by <Name>{removedBy}</Name>
            </>
          )}
        </span>
      )}
    </p>
  );
}
