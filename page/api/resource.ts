import { signal, type Signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Problem } from '../../daemon/contract/types.ts';
import { access } from '../access/session.ts';
import { product } from '../product.ts';
import { asProblem } from './call.ts';

/** Data of the API with the state of its request. Old data remains visible while it is requested again. */
export interface Resource<T> {
  readonly data?: T;
  readonly problem?: Problem;
  readonly isLoading: boolean;
}

/** A resource that can be requested again. */
export type Loaded<T> = Resource<T> & { readonly retry: () => void };

interface Entry {
  readonly state: Signal<Resource<unknown>>;
  load: () => Promise<unknown>;
  /** Number of components that show it. */
  users: number;
  /** Number of the newest request. */
  request: number;
  /** Number of the request whose response is shown. An earlier response that arrives later does not count. */
  shown: number;
  requestedAt: number;
}

const entries = new Map<string, Entry>();
/** Maximum number of resources that are kept for the back button while no component shows them. */
const KEPT = 100;
/** Components that are shown together share a request. */
const SHARED_MS = 50;

/**
 * Returns a resource by its key and keeps it current while the component is shown. `load` requests it, `delayMs` after the
 * component is shown: a part of a list that is only scrolled past is not requested.
 */
export function useResource<T>(key: string, load: () => Promise<T>, delayMs = 0): Loaded<T> {
  const entry = entryOf(key, load);
  entry.load = load;
  const isOpen = access.value === 'open';
  useEffect(() => {
    // Another component may have dropped it since this one was rendered.
    if (!entries.has(key)) entries.set(key, entry);
    entry.users += 1;
    const timer = isOpen ? after(delayMs, () => requestShared(entry)) : undefined;
    return () => {
      clearTimeout(timer);
      entry.users -= 1;
      dropUnused();
    };
  }, [key, isOpen]);
  const { problem, ...state } = entry.state.value as Resource<T>;
  // The banner says already that nothing answers.
  const isShown = problem !== undefined && (isOpen || problem.code !== product().connection.noAnswer.code);
  return { ...state, ...(isShown ? { problem } : {}), retry: () => void request(entry) };
}

/** Calls a function at once or later. */
function after(ms: number, work: () => void): ReturnType<typeof setTimeout> | undefined {
  if (ms > 0) return setTimeout(work, ms);
  work();
  return undefined;
}

function requestShared(entry: Entry): void {
  if (performance.now() - entry.requestedAt > SHARED_MS) void request(entry);
}

/** Requests the shown resources whose key starts with one of the prefixes again, and forgets the data of the others. */
export function refresh(...prefixes: readonly string[]): void {
  void refreshed(...prefixes);
}

/** Like `refresh`. Resolves when all responses have arrived, and never rejects. */
export async function refreshed(...prefixes: readonly string[]): Promise<void> {
  const requests: Promise<void>[] = [];
  for (const [key, entry] of entries) {
    if (!prefixes.some((prefix) => key.startsWith(prefix))) continue;
    if (entry.users > 0) requests.push(request(entry));
    // A component that is being shown may already have the entry, and requests it then.
    else entry.state.value = { isLoading: true };
  }
  await Promise.all(requests);
}

function entryOf(key: string, load: () => Promise<unknown>): Entry {
  const found = entries.get(key);
  if (found !== undefined) return found;
  const made: Entry = {
    state: signal({ isLoading: true }),
    load,
    users: 0,
    request: 0,
    shown: 0,
    requestedAt: -Infinity,
  };
  entries.set(key, made);
  return made;
}

async function request(entry: Entry): Promise<void> {
  const { state } = entry;
  const number = ++entry.request;
  entry.requestedAt = performance.now();
  const { data } = state.peek();
  const kept = data === undefined ? {} : { data };
  state.value = { ...kept, isLoading: true };
  try {
    const loaded = await entry.load();
    if (number < entry.shown) return;
    entry.shown = number;
    state.value = { data: loaded, isLoading: number !== entry.request };
  } catch (error) {
    if (number === entry.request) state.value = { ...kept, problem: asProblem(error), isLoading: false };
  }
}

function dropUnused(): void {
  for (const [key, { users }] of entries) {
    if (entries.size <= KEPT) return;
    if (users === 0) entries.delete(key);
  }
}
