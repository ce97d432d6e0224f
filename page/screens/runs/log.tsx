import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Problem, Run } from '../../../daemon/contract/types.ts';
import { ApiError, asProblem, send } from '../../api/call.ts';
import { pathOf } from '../../api/runs.ts';
import { Command } from '../../components/copy.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import { bytes } from '../../format/counts.ts';
import { visibleLines } from '../../format/visible-text.ts';
import { isLive } from './run-state.tsx';

/** Number of bytes at the end of the log that are shown first, and number of characters that are kept. */
const TAIL = 64 * 1024;
const KEPT = 512 * 1024;
const FOLLOW_MS = 2000;

interface Piece {
  readonly text: string;
  /** Offset after the piece. */
  readonly end: number;
  readonly start: number;
}

/** The end of the log, which grows while the run is alive. Values of secrets are masked by the daemon. */
export function Log({ run }: { readonly run: Run }): JSX.Element {
  const [piece, setPiece] = useState<Piece>();
  const [problem, setProblem] = useState<Problem>();
  const [isFollowing, setFollowing] = useState(true);
  const frame = useRef<HTMLPreElement>(null);
  const live = isLive(run);
  useEffect(() => {
    let isShown = true;
    let last: Piece | undefined;
    const read = async (): Promise<void> => {
      try {
        const next = await readAfter(run.id, last);
        if (!isShown || next === undefined) return;
        last = next;
        setPiece(next);
        setProblem(undefined);
      } catch (error) {
        if (isShown) setProblem(asProblem(error));
      }
    };
    void read();
    const timer = live ? setInterval(() => void read(), FOLLOW_MS) : undefined;
    return () => {
      isShown = false;
      clearInterval(timer);
    };
  }, [run.id, live]);
  useEffect(() => {
    const shown = frame.current;
    if (isFollowing && shown !== null) shown.scrollTop = shown.scrollHeight;
  }, [piece, isFollowing]);
  if (piece === undefined)
    return problem === undefined ? (
      <Skeleton rows={8} />
    ) : problem.code === 'log-not-found' ? (
      <Empty icon="file" title={live ? 'There is no log yet' : 'This run has no log'}>
        {live
          ? 'Nextflow creates the log when it starts.'
          : 'Nextflow did not start, or the file of the log was deleted.'}
      </Empty>
    ) : (
      <Failure problem={problem} />
    );
  if (piece.end === 0)
    return (
      <Empty icon="file" title="The log is empty">
        {live ? 'New lines appear here.' : 'The run wrote nothing to its log.'}
      </Empty>
    );
  return (
    <>
      <div class="toolbar">
        <label class="check">
          <input
            type="checkbox"
            checked={isFollowing}
            onChange={(event) => {
              setFollowing(event.currentTarget.checked);
            }}
          />
          Follow the log
        </label>
        <span class="quiet-text">
          {piece.start > 0
            ? `The last ${bytes(piece.end - piece.start)} of ${bytes(piece.end)}`
            : bytes(piece.end)}
        </span>
      </div>
      <pre class="log" ref={frame} tabIndex={0} role="log" aria-label="Log" aria-live="off">
        {piece.text}
      </pre>
      <Command>{`nf-escrow runs logs ${run.id}`}</Command>
    </>
  );
}

/** Reads what follows a piece, or the end of the log. Undefined if there is nothing new. */
async function readAfter(id: string, last: Piece | undefined): Promise<Piece | undefined> {
  // A request for bytes after the end would fail, and browsers show failed requests in the console.
  if (last !== undefined && (await sizeOf(id)) <= last.end) return undefined;
  const range = last === undefined ? `bytes=-${String(TAIL)}` : `bytes=${String(last.end)}-`;
  try {
    const response = await send('GET', `${pathOf(id)}/log`, { headers: { range, accept: 'text/plain' } });
    const text = await response.text();
    const [, first, end] = /^bytes (\d+)-(\d+)\//.exec(response.headers.get('content-range') ?? '') ?? [];
    const start = first === undefined ? 0 : Number(first);
    const after = end === undefined ? new TextEncoder().encode(text).length : Number(end) + 1;
    if (last === undefined || first === undefined) return { text: visibleLines(text), start, end: after };
    return { text: (last.text + visibleLines(text)).slice(-KEPT), start: last.start, end: after };
  } catch (error) {
    if (!(error instanceof ApiError) || error.problem.status !== 416) throw error;
    return last === undefined ? { text: '', start: 0, end: 0 } : undefined; // the log is empty, or was truncated
  }
}

/** Returns the number of bytes of the log; infinity if a proxy removed it from the response. */
async function sizeOf(id: string): Promise<number> {
  const { headers } = await send('HEAD', `${pathOf(id)}/log`, { headers: { accept: 'text/plain' } });
  return Number(headers.get('content-length') ?? Infinity);
}
