import { signal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useWarnings } from '../api/warnings.ts';
import { Button } from '../components/button.tsx';
import { Icon, type IconName } from '../components/icon.tsx';
import { Name } from '../components/name.tsx';
import { count, grouped } from '../format/counts.ts';
import { now } from '../format/times.ts';
import { visibleText } from '../format/visible-text.ts';
import { hasPendingRemovals } from '../screens/runs/run-state.tsx';
import { place, to } from './router.ts';
import { parseList } from './stored.ts';

const LINKS_MAX = 3;
const HIDDEN = 'nf-escrow.hidden-warnings';

/**
 * Warnings that the person has hidden until the tab is closed: the kind and the id of the run, or the kind and the number of runs
 * that the API does not list.
 */
const hidden = signal<readonly string[]>(readHidden());

/** A run with a warning. */
interface Warned {
  readonly id: string;
  readonly name: string;
}

/** Warns on every screen of secrets that are not removed and of exposed values. The screen of a run has its own notes. */
export function WarningBanner(): JSX.Element {
  const { ended, exposed } = useWarnings();
  const pending = ended.filter((run) => hasPendingRemovals(run, now.value));
  const error = pending.find(({ removalError }) => removalError !== undefined)?.removalError;
  const listed = new Map(
    exposed.exposures.map(({ run, runName }) => [run, { id: run, name: runName ?? run }]),
  );
  const pendingRuns = visible(
    'pending',
    pending.map(({ id, runName }) => ({ id, name: runName ?? id })),
  );
  const exposedRuns = visible('exposed', [...listed.values()]);
  // The API lists the newest runs, and the number of all.
  const unlisted = exposed.runs - listed.size;
  const more = isHidden('unlisted', String(unlisted)) ? 0 : unlisted;
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
      {exposedRuns.length + more > 0 && (
        <Warning kind="exposed" tone="bad" icon="eye" runs={exposedRuns} unlisted={more}>
          <p class="strong">Files of {count(exposedRuns.length + more, 'run')} contain secret values.</p>
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
  /** Number of further runs. */
  readonly unlisted?: number;
  readonly children: ComponentChildren;
}

function Warning({ kind, tone, icon, runs, unlisted = 0, children }: WarningProps): JSX.Element {
  const links = runs.slice(0, LINKS_MAX);
  const others = runs.length + unlisted - links.length;
  return (
    <div class={`warning-banner ${tone} no-print`} role="alert">
      <Icon name={icon} />
      <div>
        {children}
        <p class="links">
          {links.map(({ id, name }) => (
            <a key={id} href={to(['runs', id])}>
              <Name>{name}</Name>
            </a>
          ))}
          {links.length > 0 && others > 0 && <span>and {grouped(others)} more</span>}
        </p>
      </div>
      <Button
        onClick={() => {
          hide([
            ...runs.map(({ id }) => `${kind} ${id}`),
            ...(unlisted > 0 ? [`unlisted ${String(unlisted)}`] : []),
          ]);
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
  return runs.filter(({ id }) => !isHidden(kind, id) && !(first === 'runs' && current === id));
}

function isHidden(kind: string, id: string): boolean {
  return hidden.value.includes(`${kind} ${id}`);
}

function hide(warnings: readonly string[]): void {
  hidden.value = [...hidden.value, ...warnings];
  sessionStorage.setItem(HIDDEN, JSON.stringify(hidden.value));
}

function readHidden(): readonly string[] {
  return parseList(sessionStorage.getItem(HIDDEN) ?? undefined);
}
