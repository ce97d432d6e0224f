import type { ComponentChildren, JSX } from 'preact';

/** A list of properties with their names. */
export function Facts({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <dl class="facts">{children}</dl>;
}

interface FactProps {
  readonly title: string;
  readonly children: ComponentChildren;
}

/** A property in a list. */
export function Fact({ title, children }: FactProps): JSX.Element {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </div>
  );
}
