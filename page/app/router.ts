import { computed, effect, signal } from '@preact/signals';

/** A place in the page, from the fragment of the address: `#/runs?outcome=failed`. The server never receives fragments. */
interface Place {
  /** Segments of the path, decoded. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

const hash = signal(location.hash);
let isBack = false;
addEventListener('hashchange', () => (hash.value = location.hash));
addEventListener('popstate', ({ state }) => {
  isBack = state !== null; // a link that was followed makes an entry without a state
  hash.value = location.hash;
});
effect(() => {
  // Marks the entry of the history, by which a return to it is recognized.
  if (hash.value !== '' && history.state === null) history.replaceState({ isVisited: true }, '');
});

/** Whether the person came here with the back or forward button of the browser. */
export function isReturn(): boolean {
  return isBack;
}

export const place = computed<Place>(() => parse(hash.value));

/** Returns the address of a path. Segments are encoded. */
export function to(
  path: readonly string[],
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const search = new URLSearchParams(given).toString();
  return `#/${path.map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`;
}

/** Goes to an address of this page. `replace` changes the current entry of the history. */
export function go(address: string, { replace = false } = {}): void {
  if (replace) history.replaceState(history.state, '', address);
  else {
    isBack = false;
    history.pushState(null, '', address);
  }
  hash.value = location.hash;
}

/** Changes parameters of the query without a new entry in the history, for example while a person types. */
export function setQuery(changes: Readonly<Record<string, string | undefined>>): void {
  const { path, query } = place.peek();
  go(to(path, { ...Object.fromEntries(query), ...changes }), { replace: true });
}

function parse(fragment: string): Place {
  const [path = '', search = ''] = fragment.replace(/^#\/?/, '').split('?', 2);
  const segments = path.split('/').filter((segment) => segment !== '');
  return { path: segments.map(decode), query: new URLSearchParams(search) };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
