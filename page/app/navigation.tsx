import type { ComponentChildren, JSX } from 'preact';
import { IconButton } from '../components/button.tsx';
import { Icon, Logo, type IconName } from '../components/icon.tsx';
import { visibleText } from '../format/visible-text.ts';
import { overlay } from './keys.ts';
import { place, to } from './router.ts';
import { theme, type Theme } from './theme.ts';

/** A screen in the navigation. */
interface Entry {
  readonly icon: IconName;
  readonly label: string;
  readonly path: readonly string[];
}

/** Screens below a title. */
export interface EntryGroup {
  readonly title: string;
  readonly entries: readonly Entry[];
}

interface NavigationProps {
  readonly groups: readonly EntryGroup[];
  /** Above the screens. */
  readonly switcher: ComponentChildren;
  readonly account: AccountProps;
}

/** The frame of the navigation, with the workspace, the screens, and the account. */
export function Navigation({ groups, switcher, account }: NavigationProps): JSX.Element {
  return (
    <nav class="sidebar" aria-label="Main">
      <a class="brand" href="#/">
        <Logo />
        <span>nf-escrow</span>
      </a>
      {switcher}
      <button type="button" class="finder" onClick={() => (overlay.value = 'palette')}>
        <Icon name="search" />
        <span>Go to…</span>
        <kbd>Ctrl K</kbd>
      </button>
      {groups.map(({ title, entries }) => (
        <Group key={title} title={title} entries={entries} />
      ))}
      <Account {...account} />
    </nav>
  );
}

function Group({ title, entries }: EntryGroup): JSX.Element {
  const current = place.value.path;
  return (
    <div class="nav-group">
      <p>{title}</p>
      <ul>
        {entries.map(({ icon, label, path }) => {
          const isCurrent = path.every((segment, index) => current[index] === segment);
          return (
            <li key={label}>
              <a href={to(path)} aria-current={isCurrent ? 'page' : undefined}>
                <Icon name={icon} />
                {label}
              </a>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

const THEMES: Readonly<Record<Theme, { readonly icon: IconName; readonly next: Theme }>> = {
  system: { icon: 'system', next: 'light' },
  light: { icon: 'sun', next: 'dark' },
  dark: { icon: 'moon', next: 'system' },
};

interface AccountProps {
  /** Undefined until it is known. */
  readonly name: string | undefined;
  readonly place: string | undefined;
  readonly onSignOut: () => void;
}

function Account({ name, place: where, onSignOut }: AccountProps): JSX.Element {
  const { icon, next } = THEMES[theme.value];
  return (
    <div class="account">
      <div class="account-name">
        <span class="strong">{name === undefined ? '\u00a0' : visibleText(name)}</span>
        <span class="quiet-text">{where === undefined ? '\u00a0' : visibleText(where)}</span>
      </div>
      <IconButton
        icon={icon}
        label={`Theme: ${theme.value}. Change to ${next}`}
        onClick={() => (theme.value = next)}
      />
      <IconButton icon="help" label="Keyboard shortcuts" onClick={() => (overlay.value = 'keys')} />
      <IconButton icon="exit" label="Sign out" onClick={onSignOut} />
    </div>
  );
}
