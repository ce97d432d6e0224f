import type { JSX } from 'preact';
import { Button } from './button.tsx';

interface ShowMoreProps {
  /** Reads more rows. Undefined if there are no more. */
  readonly more: (() => Promise<void>) | undefined;
  readonly isReading: boolean;
}

/** The button below an incomplete list. */
export function ShowMore({ more, isReading }: ShowMoreProps): JSX.Element | null {
  if (more === undefined) return null;
  return (
    <div class="more">
      <Button isBusy={isReading} onClick={() => void more()}>
        Show more
      </Button>
    </div>
  );
}
