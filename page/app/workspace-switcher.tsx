import type { JSX } from 'preact';
import { currentWorkspace, rememberWorkspace, titleOf, useWorkspaces } from '../api/workspaces.ts';
import { Icon } from '../components/icon.tsx';
import { moveFocus } from '../components/menu.tsx';
import { Name } from '../components/name.tsx';
import { usePopup } from '../components/use-popup.ts';
import { count } from '../format/counts.ts';
import { go, place, to } from './router.ts';

/** Shows and changes the current workspace. If the screen belongs to a workspace, it changes to the new one. */
export function WorkspaceSwitcher(): JSX.Element {
  const { data: workspaces = [] } = useWorkspaces();
  const { root, isOpen, setOpen } = usePopup('[aria-checked="true"], [role="menuitemradio"]');
  const current = currentWorkspace.value;
  return (
    <div
      class="switcher"
      ref={root}
      onKeyDown={(event) => {
        if (!isOpen) return;
        if (event.key === 'Escape') {
          setOpen(false);
          root.current?.querySelector('button')?.focus();
        } else moveFocus(event, root.current, '[role="menuitemradio"]');
      }}
    >
      <button
        type="button"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => {
          setOpen(!isOpen);
        }}
      >
        <span class="hidden">Workspace</span>
        <span class="switcher-letter" aria-hidden="true">
          {current.name.slice(0, 1).toUpperCase()}
        </span>
        <span class="switcher-name">
          <span class="quiet-text">
            <Name>{current.organization}</Name>
          </span>
          <Name>{current.name}</Name>
        </span>
        <Icon name="switch" />
      </button>
      {isOpen && (
        <div class="menu-list" role="menu" aria-label="Workspaces">
          {workspaces.map((one) => {
            const isCurrent = titleOf(one) === titleOf(current);
            return (
              <button
                key={titleOf(one)}
                type="button"
                role="menuitemradio"
                aria-checked={isCurrent}
                tabIndex={-1}
                onClick={() => {
                  setOpen(false);
                  rememberWorkspace(one);
                  if (place.peek().path[0] === 'workspaces')
                    go(to(['workspaces', one.organization, one.name, 'secrets']));
                }}
              >
                <Name>{titleOf(one)}</Name>
                <span class="quiet-text">{count(one.secrets, 'secret')}</span>
                <span class="menu-check">{isCurrent && <Icon name="check" />}</span>
              </button>
            );
          })}
        </div>
      )}
    </div>
  );
}
