import type { JSX } from 'preact';
import type { Problem } from '../../../daemon/contract/types.ts';
import { ScreenHead } from '../../components/screen-head.tsx';
import { Failure, Skeleton } from '../../components/states.tsx';

interface PendingScreenProps {
  readonly title: string;
  /** Why its data is missing; undefined while it is requested. */
  readonly problem: Problem | undefined;
  readonly retry: () => void;
}

/** A screen without its data. */
export function PendingScreen({ title, problem, retry }: PendingScreenProps): JSX.Element {
  return (
    <>
      <ScreenHead title={title} />
      {problem === undefined ? <Skeleton /> : <Failure problem={problem} retry={retry} />}
    </>
  );
}
