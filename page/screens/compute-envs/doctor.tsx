import type { JSX } from 'preact';
import type { DoctorCheck, DoctorReport } from '../../../daemon/contract/types.ts';
import { call } from '../../api/call.ts';
import { useResource } from '../../api/resource.ts';
import { currentWorkspace, titleOf } from '../../api/workspaces.ts';
import { Badge, type Tone } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { Command, CopyButton } from '../../components/copy.tsx';
import type { IconName } from '../../components/icon.tsx';
import { Failure, Skeleton } from '../../components/states.tsx';
import { commandLine } from '../../format/command.ts';
import { count } from '../../format/counts.ts';
import { visibleText } from '../../format/visible-text.ts';

const LONG = 2000;
const STATES: Readonly<
  Record<DoctorCheck['state'], { readonly tone: Tone; readonly icon: IconName; readonly label: string }>
> = {
  failure: { tone: 'bad', icon: 'cross', label: 'Failure' },
  warning: { tone: 'warn', icon: 'alert', label: 'Warning' },
  ok: { tone: 'good', icon: 'done', label: 'OK' },
};
const ORDER = Object.keys(STATES);

interface DoctorProps {
  readonly name: string;
  readonly path: string;
}

/** The checks of doctor, failures first. Each failure and warning has a remedy. */
export function Doctor({ name, path }: DoctorProps): JSX.Element {
  const workspace = titleOf(currentWorkspace.value);
  const query = new URLSearchParams({ workspace }).toString();
  const { data, problem, isLoading, retry } = useResource(`doctor/${name}?${query}`, () =>
    call<DoctorReport>('GET', `${path}/doctor?${query}`),
  );
  const checks = data?.checks.toSorted((one, other) => ORDER.indexOf(one.state) - ORDER.indexOf(other.state));
  return (
    <section aria-busy={isLoading}>
      <div class="section-head">
        <h2>Checks</h2>
        <Button icon="refresh" isBusy={isLoading} onClick={retry}>
          Run again
        </Button>
      </div>
      <p class="quiet-text" role="status">
        {checks === undefined || isLoading
          ? `Checking the requirements of runs in ${workspace}…`
          : `${summary(checks)} The checks are for runs in ${workspace} and use the environment variables of the daemon.`}
      </p>
      {problem !== undefined && <Failure problem={problem} retry={retry} />}
      {checks === undefined && problem === undefined && <Skeleton rows={6} />}
      {checks !== undefined && (
        <ul class="checks" aria-label="Checks">
          {checks.map((check, index) => (
            <Check key={`${check.name} ${String(index)}`} check={check} />
          ))}
        </ul>
      )}
      <details class="as-command">
        <summary>Check your shell and submit a test job</summary>
        <Command>{commandLine('nf-escrow', 'doctor', '--compute-env', name, '--probe')}</Command>
      </details>
    </section>
  );
}

function Check({ check: { name, state, found, remedy } }: { readonly check: DoctorCheck }): JSX.Element {
  const { tone, icon, label } = STATES[state];
  return (
    <li>
      <Badge tone={tone} icon={icon}>
        {label}
      </Badge>
      <div>
        <p>
          <span class="strong">{visibleText(name)}</span>: {visibleText(found, LONG)}
        </p>
        {remedy !== null && (
          <p class="remedy">
            <span>{visibleText(remedy, LONG)}</span>
            <CopyButton text={remedy} label="Copy the remedy" />
          </p>
        )}
      </div>
    </li>
  );
}

function summary(checks: readonly DoctorCheck[]): string {
  const number = (state: DoctorCheck['state']): number => checks.filter((one) => one.state === state).length;
  const parts = [
    ...(number('failure') === 0 ? [] : [count(number('failure'), 'failure')]),
    ...(number('warning') === 0 ? [] : [count(number('warning'), 'warning')]),
  ];
  return parts.length === 0 ? 'No problems found.' : `${parts.join(', ')}.`;
}
