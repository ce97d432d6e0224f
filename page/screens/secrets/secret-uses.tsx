import type { JSX } from 'preact';
import type { SecretUseList } from '../../../daemon/contract/types.ts';
import { useUses, type SecretPlace } from '../../api/secrets.ts';
import { to } from '../../app/router.ts';
import { Badge } from '../../components/badge.tsx';
import { Name } from '../../components/name.tsx';
import { Failure, Skeleton } from '../../components/states.tsx';
import { Time } from '../../components/time.tsx';

type Use = SecretUseList['uses'][number];

/** The runs that used a secret, each with its processes. */
export function SecretUses({
  place,
  name,
}: {
  readonly place: SecretPlace;
  readonly name: string;
}): JSX.Element {
  const { data, problem, retry } = useUses(place, name);
  if (data === undefined)
    return problem === undefined ? <Skeleton rows={2} /> : <Failure problem={problem} retry={retry} />;
  const runs = byRun(data.uses);
  if (runs.length === 0) return <p class="quiet-text">No run has used this secret yet.</p>;
  return (
    <ul class="uses">
      {runs.map(({ first, processes }) => (
        <li key={first.run}>
          <a href={to(['runs', first.run])}>
            <Name>{first.runName ?? first.run}</Name>
          </a>
          <Badge>Version {first.version}</Badge>
          <span class="quiet-text when">
            <Time at={first.firstUsed} />
          </span>
          {processes.length > 0 && (
            <p class="quiet-text">
              {processes.map((process) => (
                <Name key={process} mono>
                  {process}
                </Name>
              ))}
            </p>
          )}
        </li>
      ))}
    </ul>
  );
}

/** Groups uses by their run, in their order. */
function byRun(uses: readonly Use[]): { readonly first: Use; readonly processes: string[] }[] {
  const runs = new Map<string, { readonly first: Use; readonly processes: string[] }>();
  for (const use of uses) {
    const found = runs.get(use.run) ?? { first: use, processes: [] };
    if (use.process !== null) found.processes.push(use.process);
    runs.set(use.run, found);
  }
  return [...runs.values()];
}
