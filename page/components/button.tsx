import type { ComponentChildren, JSX, Ref } from 'preact';
import { Icon, type IconName } from './icon.tsx';

interface ButtonProps {
  /** `primary`: the action of the screen, at most one; `danger`: it destroys something. */
  readonly kind?: 'primary' | 'plain' | 'quiet' | 'danger';
  readonly icon?: IconName;
  readonly isBusy?: boolean;
  readonly disabled?: boolean;
  /** For a button that switches something on and off. */
  readonly isPressed?: boolean;
  readonly type?: 'button' | 'submit';
  readonly onClick?: (event: MouseEvent) => void;
  readonly children: ComponentChildren;
}

/** A button with a text. While it is busy, it keeps its width and ignores clicks. */
export function Button(props: ButtonProps): JSX.Element {
  const {
    kind = 'plain',
    icon,
    isBusy = false,
    disabled = false,
    isPressed,
    type = 'button',
    onClick,
    children,
  } = props;
  return (
    <button
      type={type}
      class={`button ${kind}`}
      disabled={disabled}
      aria-busy={isBusy}
      aria-pressed={isPressed}
      onClick={(event) => {
        if (isBusy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {icon !== undefined && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}

interface IconButtonProps {
  readonly icon: IconName;
  /** For screen readers, and the tooltip. */
  readonly label: string;
  readonly onClick: (event: MouseEvent) => void;
  readonly expanded?: boolean;
  readonly buttonRef?: Ref<HTMLButtonElement>;
}

/** A button with an icon only. */
export function IconButton({ icon, label, onClick, expanded, buttonRef }: IconButtonProps): JSX.Element {
  return (
    <button
      type="button"
      class="button quiet square"
      aria-label={label}
      title={label}
      ref={buttonRef ?? null}
      {...(expanded === undefined ? {} : { 'aria-expanded': expanded, 'aria-haspopup': 'menu' as const })}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
