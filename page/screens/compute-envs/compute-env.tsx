import type { JSX } from 'preact';
import type { ComputeEnvironment } from '../../../daemon/contract/types.ts';
import { call } from '../../api/call.ts';
import { useResource } from '../../api/resource.ts';
import { to } from '../../app/router.ts';
import { Badge } from '../../components/badge.tsx';
import { Command } from '../../components/copy.tsx';
import { ScreenHead } from '../../components/screen-head.tsx';
import { Failure, Skeleton } from '../../components/states.tsx';
import { Time } from '../../components/time.tsx';
import { commandLine } from '../../format/command.ts';
import { visibleText } from '../../format/visible-text.ts';
import { platformOf } from './compute-envs.tsx';
import { Doctor } from './doctor.tsx';
import { Policies } from './policies.tsx';
import { Settings } from './settings.tsx';

/** The screen of one compute environment: its settings, the checks of doctor, and its IAM policies. */
export function ComputeEnvironmentScreen({ name }: { readonly name: string }): JSX.Element {
  const path = `v1/compute-envs/${encodeURIComponent(name)}`;
  const { data, problem, retry } = useResource(`compute-env/${name}`, () =>
    call<ComputeEnvironment>('GET', path),
  );
  const crumbs = (
    <p class="crumbs">
      <a href={to(['compute-envs'])}>Compute environments</a>
    </p>
  );
  if (data === undefined)
    return (
      <>
        {crumbs}
        {problem === undefined ? <Skeleton rows={6} /> : <Failure problem={problem} retry={retry} />}
      </>
    );
  return (
    <>
      {crumbs}
      <ScreenHead
        title={visibleText(data.name)}
        subtitle={
          <span class="badges">
            <Badge icon="server">{platformOf(data)}</Badge>
            {data.isDefault && <Badge>Default</Badge>}
            <span>
              Updated <Time at={data.lastUpdated} />
            </span>
          </span>
        }
      />
      <div class="sections">
        <Settings environment={data} />
        <Doctor name={data.name} path={path} />
        <Policies name={data.name} path={path} />
        <section>
          <h2>Change the settings</h2>
          <Command>{commandLine('nf-escrow', 'compute-envs', 'update', data.name)}</Command>
        </section>
      </div>
    </>
  );
}
