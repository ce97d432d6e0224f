import { signal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useWarnings } from '../api/warnings.ts';
import { Button } from '../components/button.tsx';
import { Icon, type IconName } from '../components/icon.tsx';
import { Name } from '../components/name.tsx';
import { count } from '../format/counts.ts';
import { now } from '../format/times.ts';
import { visibleText } from '../format/visible-text.ts';
import { hasPendingRemovals } from '../screens/runs/run-state.tsx';
import { place, to } from './router.ts';
import { parseList } from './stored.ts';

const LINKS_MAX = 3;
const HIDDEN = 'nf-escrow.hidden-warnings';

/** Warnings that the person has hidden until the tab is closed: its kind and the id of its run. */
const hidden = signal<readonly string[]>(readHidden());

/** A run with a warning. */
interface Warned {
  readonly id: string;
  readonly name: string;
}

/** Warns on every screen of secrets that are not removed and of exposed values. The screen of a run has its own notes. */
export function WarningBanner(): JSX.Element {
  const { ended, exposures } = useWarnings();
  const pending = ended.filter((run) => hasPendingRemovals(run, now.value));
  const error = pending.find(({ removalError }) => removalError !== undefined)?.removalError;
  const exposed = new Map(exposures.map(({ run, runName }) => [run, { id: run, name: runName ?? run }]));
  const pendingRuns = visible(
    'pending',
    pending.map(({ id, runName }) => ({ id, name: runName ?? id })),
  );
  const exposedRuns = visible('exposed', [...exposed.values()]);
  return (
    <>
      {pendingRuns.length > 0 && (
        <Warning kind="pending" tone="warn" icon="alert" runs={pendingRuns}>
          <p class="strong">
            Secrets of {count(pendingRuns.length, 'ended run')} are not removed yet. The daemon retries the
            removal.
          </p>
          {error !== undefined && <p>{visibleText(error, 400)}</p>}
        </Warning>
      )}
      {exposedRuns.length > 0 && (
        <Warning kind="exposed" tone="bad" icon="eye" runs={exposedRuns}>
          <p class="strong">Files of {count(exposedRuns.length, 'run')} contain secret values.</p>
          <p>Open the receipt of each run, delete the files that it lists, and rotate the secrets.</p>
        </Warning>
      )}
    </>
  );
}

interface WarningProps {
  readonly kind: string;
  readonly tone: 'warn' | 'bad';
  readonly icon: IconName;
  readonly runs: readonly Warned[];
  readonly children: ComponentChildren;
}

function Warning({ kind, tone, icon, runs, children }: WarningProps): JSX.Element {
  return (
    <div class={`warning-banner ${tone} no-print`} role="alert">
      <Icon name={icon} />
      <div>
        {children}
        <p class="links">
          {runs.slice(0, LINKS_MAX).map(({ id, name }) => (
            <a key={id} href={to(['runs', id])}>
              <Name>{name}</Name>
            </a>
          ))}
          {runs.length > LINKS_MAX && <span>and {runs.length - LINKS_MAX} more</span>}
        </p>
      </div>
      <Button
        onClick={() => {
          hide(kind, runs);
        }}
      >
        Hide in this tab
      </Button>
    </div>
  );
}

/** Returns the runs whose warning is not hidden. */
function visible(kind: string, runs: readonly Warned[]): readonly Warned[] {
  const [first, current] = place.value.path;
  return runs.filter(
    ({ id }) => !hidden.value.includes(`${kind} ${id}`) && !(first === 'runs' && current === id),
  );
}

function hide(kind: string, runs: readonly Warned[]): void {
  hidden.value = [...hidden.value, ...runs.map(({ id }) => `${kind} ${id}`)];
  sessionStorage.setItem(HIDDEN, JSON.stringify(hidden.value));
}

function readHidden(): readonly string[] {
  return parseList(sessionStorage.getItem(HIDDEN) ?? undefined);
}
