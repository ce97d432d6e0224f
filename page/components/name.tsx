import type { JSX } from 'preact';
import { visibleText } from '../format/visible-text.ts';

interface NameProps {
  readonly children: string;
  /** In the font for names of secrets, ids and paths. */
  readonly mono?: boolean;
}

/** A name from outside: escaped, isolated from the direction of the text around it, and cut at the end of its line. */
export function Name({ children, mono = false }: NameProps): JSX.Element {
  const text = visibleText(children);
  return (
    <bdi class={mono ? 'name mono' : 'name'} title={text.length > 24 ? text : undefined}>
      {text}
    </bdi>
  );
}
