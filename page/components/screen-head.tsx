import type { ComponentChildren, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { visibleText } from '../format/visible-text.ts';

interface ScreenHeadProps {
  readonly title: string;
  /** Title of the browser's tab, if it is another one. */
  readonly tabTitle?: string;
  readonly subtitle?: ComponentChildren;
  readonly actions?: ComponentChildren;
}

/** The title of a screen, also in the tab of the browser, with its actions. */
export function ScreenHead({ title, tabTitle = title, subtitle, actions }: ScreenHeadProps): JSX.Element {
  useEffect(() => {
    document.title = `${visibleText(tabTitle)} · nf-escrow`;
  }, [tabTitle]);
  return (
    <header class="screen-head">
      <div>
        <h1>{visibleText(title)}</h1>
        {subtitle !== undefined && <p>{subtitle}</p>}
      </div>
      <div class="screen-actions">{actions}</div>
    </header>
  );
}
