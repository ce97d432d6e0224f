import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Run } from '../../../daemon/contract/types.ts';
import { useLiveTasks, useRun } from '../../api/runs.ts';
import { setIcon } from '../../app/favicon.ts';
import { to } from '../../app/router.ts';
import { CopyButton } from '../../components/copy.tsx';
import { Name } from '../../components/name.tsx';
import { ScreenHead } from '../../components/screen-head.tsx';
import { Failure, Skeleton } from '../../components/states.tsx';
import { visibleText } from '../../format/visible-text.ts';
import { RunAttention } from './attention.tsx';
import { Log } from './log.tsx';
import { Overview } from './overview.tsx';
import { ReceiptTab } from './receipt.tsx';
import { RunActions } from './run-actions.tsx';
import { isLive, lookOf, RunState } from './run-state.tsx';
import { Tasks } from './tasks.tsx';

const TABS = [
  ['overview', 'Overview'],
  ['tasks', 'Tasks'],
  ['log', 'Log'],
  ['receipt', 'Receipt'],
] as const;

/** The screen of one run. */
export function RunScreen({ id, tab }: { readonly id: string; readonly tab: string }): JSX.Element {
  const { data: run, problem, retry } = useRun(id);
  useLiveTasks(id, run !== undefined && isLive(run));
  const tone = run === undefined ? undefined : lookOf(run).tone;
  useEffect(() => {
    setIcon(tone);
    return () => {
      setIcon(undefined);
    };
  }, [tone]);
  if (run === undefined)
    return problem === undefined ? <Skeleton rows={6} /> : <Failure problem={problem} retry={retry} />;
  const name = visibleText(run.runName ?? run.id, 80);
  return (
    <>
      <p class="crumbs">
        <a href={to(['runs'])}>Runs</a>
      </p>
      <ScreenHead
        title={name}
        tabTitle={`${lookOf(run).label}: ${name}`}
        subtitle={
          <span class="badges">
            <RunState run={run} />
            <Name mono>{run.id}</Name>
            <CopyButton text={run.id} label="Copy the id" />
          </span>
        }
        actions={<RunActions run={run} />}
      />
      <RunAttention run={run} />
      <nav class="tabs" aria-label="Run">
        {TABS.map(([name, label]) => (
          <a
            key={name}
            href={to(name === 'overview' ? ['runs', id] : ['runs', id, name])}
            aria-current={tab === name ? 'page' : undefined}
          >
            {label}
          </a>
        ))}
      </nav>
      <Tab run={run} tab={tab} />
    </>
  );
}

function Tab({ run, tab }: { readonly run: Run; readonly tab: string }): JSX.Element {
  if (tab === 'tasks') return <Tasks run={run} />;
  if (tab === 'log') return <Log run={run} />;
  if (tab === 'receipt') return <ReceiptTab run={run} />;
  return <Overview run={run} />;
}
