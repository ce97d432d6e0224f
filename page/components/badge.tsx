import type { ComponentChildren, JSX } from 'preact';
import { Icon, type IconName } from './icon.tsx';

export type Tone = 'plain' | 'accent' | 'good' | 'warn' | 'bad';

interface BadgeProps {
  readonly tone?: Tone;
  readonly icon?: IconName;
  readonly title?: string;
  readonly children: ComponentChildren;
}

/** A short state or property. */
export function Badge({ tone = 'plain', icon, title, children }: BadgeProps): JSX.Element {
  return (
    <span class={`badge ${tone}`} title={title}>
      {icon !== undefined && <Icon name={icon} size={13} />}
      <span class="badge-text">{children}</span>
    </span>
  );
}
