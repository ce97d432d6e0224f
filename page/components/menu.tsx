import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { IconButton } from './button.tsx';
import { Icon, type IconName } from './icon.tsx';
import { usePopup } from './use-popup.ts';

/** An entry of a menu. */
export interface MenuItem {
  readonly icon: IconName;
  readonly label: string;
  readonly isDanger?: boolean;
  readonly onSelect: () => void;
}

interface MenuProps {
  /** Names the object of the actions, for screen readers. */
  readonly label: string;
  readonly items: readonly MenuItem[];
}

/** A button that opens a list of actions. Arrows move, Escape closes and returns the focus. */
export function Menu({ label, items }: MenuProps): JSX.Element {
  const { root, isOpen, setOpen } = usePopup('[role="menuitem"]');
  const button = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <div
      class="menu"
      ref={root}
      onKeyDown={(event) => {
        if (isOpen && event.key === 'Escape') {
          event.stopPropagation();
          event.preventDefault();
          close();
        } else if (isOpen) moveFocus(event, root.current, '[role="menuitem"]');
      }}
    >
      <IconButton
        icon="more"
        label={label}
        expanded={isOpen}
        buttonRef={button}
        onClick={(event) => {
          event.stopPropagation();
          setOpen(!isOpen);
        }}
      />
      {isOpen && (
        <div class="menu-list" role="menu" aria-label={label}>
          {items.map((item) => (
            <button
              key={item.label}
              type="button"
              role="menuitem"
              tabIndex={-1}
              class={item.isDanger === true ? 'bad-text' : ''}
              onClick={(event) => {
                event.stopPropagation();
                close();
                item.onSelect();
              }}
            >
              <Icon name={item.icon} />
              {item.label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

/** Moves the focus among elements with the arrow keys, Home and End. */
export function moveFocus(event: KeyboardEvent, root: HTMLElement | null, selector: string): void {
  const found = [...(root?.querySelectorAll<HTMLElement>(selector) ?? [])];
  const at = found.findIndex((one) => one === document.activeElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: found.length - 1 }[event.key];
  if (next === undefined || found.length === 0) return;
  event.preventDefault();
  found[(next + found.length) % found.length]?.focus();
}
