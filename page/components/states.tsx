import type { ComponentChildren, JSX } from 'preact';
import type { Problem } from '../../daemon/contract/types.ts';
import { visibleText } from '../format/visible-text.ts';
import { Button } from './button.tsx';
import { Command } from './copy.tsx';
import { Icon, type IconName } from './icon.tsx';

interface EmptyProps {
  readonly icon: IconName;
  readonly title: string;
  readonly children?: ComponentChildren;
  /** The command that does the same. */
  readonly command?: string;
  readonly action?: ComponentChildren;
}

/** The content of an empty list: the reason and the next step. */
export function Empty({ icon, title, children, command, action }: EmptyProps): JSX.Element {
  return (
    <div class="empty">
      <span class="empty-icon">
        <Icon name={icon} size={20} />
      </span>
      <h2>{visibleText(title)}</h2>
      {children !== undefined && <p>{children}</p>}
      {action}
      {command !== undefined && <Command>{command}</Command>}
    </div>
  );
}

interface FailureProps {
  readonly problem: Problem;
  /** Whether the kind of the problem is shown as well. */
  readonly isTitled?: boolean;
  readonly retry?: () => void;
}

/** A failed request: what failed, the remedy, and a retry. */
export function Failure({ problem, isTitled = false, retry }: FailureProps): JSX.Element {
  return (
    <div class="note bad" role="alert">
      <Icon name="alert" />
      <div>
        {isTitled && <p class="strong">{visibleText(problem.title)}</p>}
        <p class={isTitled ? '' : 'strong'}>{visibleText(problem.detail, 600)}</p>
        <p>{withCode(visibleText(problem.hint, 600))}</p>
      </div>
      {retry !== undefined && (
        <Button icon="refresh" onClick={retry}>
          Retry
        </Button>
      )}
    </div>
  );
}

/** Shows the parts of a text between backquotes as code. */
function withCode(text: string): ComponentChildren {
  return text.split('`').map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part));
}

interface NoteProps {
  readonly tone: 'accent' | 'good' | 'warn' | 'bad';
  readonly icon?: IconName;
  readonly children: ComponentChildren;
  readonly action?: ComponentChildren;
}

/** A message about the content below it. */
export function Note({ tone, icon, children, action }: NoteProps): JSX.Element {
  return (
    <div class={`note ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      <Icon name={icon ?? (tone === 'good' ? 'done' : tone === 'accent' ? 'info' : 'alert')} />
      <div>{children}</div>
      {action}
    </div>
  );
}

/** Placeholder rows while data is requested. They appear only if the request takes longer than 300 ms. */
export function Skeleton({ rows = 5 }: { readonly rows?: number }): JSX.Element {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} class="skeleton-row" aria-hidden="true">
          <span />
          <span />
          <span />
        </div>
      ))}
    </div>
  );
}
