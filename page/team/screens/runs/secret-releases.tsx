import type { JSX } from 'preact';
import type { SecretPlace } from '../../../api/secrets.ts';
import { to } from '../../../app/router.ts';
import { Badge } from '../../../components/badge.tsx';
import { Name } from '../../../components/name.tsx';
import { Failure, Skeleton } from '../../../components/states.tsx';
import { Time } from '../../../components/time.tsx';
import { releasesOf, useReleases } from '../../api/releases.ts';

/** Runs that are listed. */
const SHOWN = 50;

interface SecretReleasesProps {
  readonly place: SecretPlace;
  readonly name: string;
}

/** The runs that received a secret of a team server. */
export function SecretReleases({ place, name }: SecretReleasesProps): JSX.Element {
  const { data, problem, retry } = useReleases(releasesOf(place, name), SHOWN);
  if (data === undefined)
    return problem === undefined ? <Skeleton rows={2} /> : <Failure problem={problem} retry={retry} />;
  if (data.releases.length === 0) return <p class="quiet-text">No run has received this secret yet.</p>;
  return (
    <ul class="uses">
      {data.releases.map(({ id, run, user, createdAt, secrets }) => (
        <li key={id}>
          <a href={to(['runs', run])}>
            <Name mono>{run}</Name>
          </a>
          <Badge>Version {secrets.find((one) => one.name === name)?.version}</Badge>
          <span class="quiet-text when">
            <Time at={createdAt} />
          </span>
          <p class="quiet-text">
            <span>
              Launched by <Name>{user}</Name>
            </span>
          </p>
        </li>
      ))}
    </ul>
  );
}
