import { useRef, useState } from 'preact/hooks';
import type { Problem } from '../../daemon/contract/types.ts';
import { asProblem, call } from './call.ts';
import { useResource } from './resource.ts';

/** A list that is read page by page. */
interface Pages<T> {
  /** Undefined until the first page is read. While another query is read, those of the previous one. */
  readonly items: readonly T[] | undefined;
  readonly problem: Problem | undefined;
  readonly retry: () => void;
  /** Reads the next page. Undefined on the last page. */
  readonly more: (() => Promise<void>) | undefined;
  readonly isReading: boolean;
}

/** The pages after the first one. A new first page would leave a gap before them, so they belong to the one that they continue. */
interface Later<T> {
  readonly first: Body | undefined;
  readonly items: readonly T[];
  readonly next: string | undefined;
}

type Body = Readonly<Record<string, unknown>> & { readonly next?: string };

/** Returns a list of the API. `key` is the property with the items. */
export function usePages<T>(path: string, query: string, key: string): Pages<T> {
  const first = useResource(`${path}?${query}`, () => call<Body>('GET', `${path}?${query}`));
  const [read, setRead] = useState<Later<T>>();
  const shown = useRef<readonly T[]>();
  const [isReading, setReading] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const later = read?.first === first.data ? read : undefined;
  const next = later === undefined ? first.data?.next : later.next;
  const more = async (cursor: string): Promise<void> => {
    setReading(true);
    setProblem(undefined);
    try {
      const body = await call<Body>('GET', `${path}?${query}&cursor=${encodeURIComponent(cursor)}`);
      setRead({
        first: first.data,
        items: [...(later?.items ?? []), ...(body[key] as T[])],
        next: body.next,
      });
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setReading(false);
    }
  };
  if (first.data !== undefined) shown.current = [...(first.data[key] as T[]), ...(later?.items ?? [])];
  return {
    items: first.problem === undefined ? shown.current : undefined,
    problem: problem ?? first.problem,
    retry: problem === undefined ? first.retry : () => void (next === undefined ? undefined : more(next)),
    more: next === undefined ? undefined : () => more(next),
    isReading,
  };
}
