import { computed, signal } from '@preact/signals';
import type { JournalEvent, Run } from '../../daemon/contract/types.ts';
import { go, to } from '../app/router.ts';
import { parseList, readStored, store } from '../app/stored.ts';
import { visibleText } from '../format/visible-text.ts';
import { call } from './call.ts';
import { onEvents } from './live.ts';
import { pathOf } from './runs.ts';

/** The id of a run, or all runs. */
export type NotifyTarget = string;

const KEY = 'notify';
/** Runs that are remembered at most. */
const KEPT = 200;

const targets = signal<readonly NotifyTarget[]>(readTargets());

/** Targets for which the person asked for a notification, while the browser permits it. */
export const notified = computed(() => (mayNotify() ? targets.value : []));

/** Whether the browser has notifications. */
export const canNotify = 'Notification' in globalThis;

/** Shows a notification when a run ends, of those that the person asked for. One tab shows it for all. */
export function startNotifications(): void {
  addEventListener('storage', () => (targets.value = readTargets()));
  onEvents((events, isLeader) => {
    if (!isLeader || !mayNotify()) return;
    for (const event of events) if (isWanted(event)) void notify(event.run);
  });
}

/** Asks for or against a notification. Returns false if the browser forbids notifications. */
export async function setNotified(target: NotifyTarget, isOn: boolean): Promise<boolean> {
  if (isOn && (await Notification.requestPermission()) !== 'granted') return false;
  const others = readTargets().filter((one) => one !== target);
  targets.value = isOn ? [...others, target].slice(-KEPT) : others;
  store(KEY, targets.value.length === 0 ? undefined : JSON.stringify(targets.value));
  return true;
}

function mayNotify(): boolean {
  return canNotify && Notification.permission === 'granted';
}

function isWanted(event: JournalEvent): event is JournalEvent & { run: string } {
  const { run, type } = event;
  if (run === null || type !== 'run.ended') return false;
  return targets.value.includes('all') || targets.value.includes(run);
}

async function notify(id: string): Promise<void> {
  const run = await call<Run>('GET', pathOf(id)).catch(() => undefined);
  if (run === undefined) return;
  const name = visibleText(run.runName ?? run.id, 80);
  const shown = new Notification(`${name} ${run.outcome ?? 'ended'}`, {
    body: `Run in ${run.workspace}`,
    tag: id,
  });
  shown.addEventListener('click', () => {
    focus();
    go(to(['runs', id]));
    shown.close();
  });
}

function readTargets(): readonly NotifyTarget[] {
  return parseList(readStored(KEY));
}
