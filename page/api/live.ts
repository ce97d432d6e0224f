import { effect } from '@preact/signals';
import { access } from '../access/session.ts';
import { channel, onMessage } from '../access/channel.ts';
import { product } from '../product.ts';
import { readEvents, type Batch } from './event-stream.ts';
import { pause, retryDelay } from './pause.ts';
import { refresh } from './resource.ts';

/**
 * Name of the lock of the tab that receives the stream for all tabs. The browser gives the lock to another tab when this one is
 * closed or crashes, and does not freeze a hidden tab that holds a lock.
 */
const LOCK = 'nf-escrow.events';
/** Events of this time are handled together, so that a busy run causes a few requests. */
const COALESCE_MS = 700;
/** A lock that is granted later than this was held by another tab. */
const IMMEDIATE_MS = 1000;

/** Called with new events. Only one tab is the leader, so that something happens once for all tabs. */
type Listener = (events: Batch['events'], isLeader: boolean) => void;

const listeners = new Set<Listener>();
const changed = new Set<string>();
let timer: ReturnType<typeof setTimeout> | undefined;
/** The position in the stream that all tabs have reached, so that each can continue it. */
let position: string | undefined;

/** Keeps the shown resources current. One tab receives the events and passes them on to the others. */
export function startLive(): void {
  onMessage('events', ({ batch }) => {
    receive(batch as Batch, false);
  });
  const { check } = product().connection;
  onMessage('check', () => void check());
  addEventListener('offline', () => void check());
  void whenOpen().then(() => {
    const askedAt = performance.now();
    void navigator.locks.request(LOCK, () => follow(performance.now() - askedAt > IMMEDIATE_MS)); // held until the tab is closed
  });
}

/** Calls a function with new events. */
export function onEvents(listener: Listener): void {
  listeners.add(listener);
}

/** Receives the stream, and continues it after each interruption. */
async function follow(isTakeover: boolean): Promise<never> {
  let mayHaveMissed = isTakeover;
  for (let attempt = 0; ; attempt += 1) {
    await whenOpen();
    if (position === undefined && mayHaveMissed) refresh('');
    mayHaveMissed = true;
    try {
      for await (const batch of readEvents(position)) {
        attempt = 0;
        if (batch.id === undefined) continue;
        channel.postMessage({ type: 'events', batch });
        receive(batch, true);
      }
    } catch {
      // Whatever interrupts the stream, the remedy is to continue it.
    }
    channel.postMessage({ type: 'check' });
    await pause(retryDelay(attempt));
  }
}

function receive({ id, events }: Batch, isLeader: boolean): void {
  position = id;
  for (const event of events) for (const key of product().connection.changedBy(event)) changed.add(key);
  if (events.length > 0) for (const listener of listeners) listener(events, isLeader);
  if (changed.size > 0) timer ??= setTimeout(refreshChanged, COALESCE_MS);
}

function refreshChanged(): void {
  timer = undefined;
  const keys = [...changed];
  changed.clear();
  refresh(...keys);
}

function whenOpen(): Promise<void> {
  return new Promise((resolve) => {
    const stop = effect(() => {
      if (access.value !== 'open') return;
      resolve();
      queueMicrotask(() => {
        stop();
      });
    });
  });
}
