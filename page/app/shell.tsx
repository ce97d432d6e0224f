import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { access } from '../access/session.ts';
import { IconButton } from '../components/button.tsx';
import { Logo } from '../components/icon.tsx';
import { product } from '../product.ts';
import { KeysDialog } from './keys-dialog.tsx';
import { overlay } from './keys.ts';
import { Palette } from './palette.tsx';
import { place } from './router.ts';
import { placeScreen } from './scroll-position.ts';

/** Returns the screen of a path, without the details or the tab that it shows. */
function screenOf(path: readonly string[]): string {
  return path.slice(0, path[0] === 'workspaces' ? 4 : 2).join('/');
}

/** The frame of all screens: navigation, the screen of the address, and overlays. */
export function Shell(): JSX.Element {
  const main = useRef<HTMLElement>(null);
  const { path } = place.value;
  const { Sidebar, Banner, screenFor, offline } = product();
  const address = screenOf(path);
  const isFirst = useRef(true);
  // A layout effect runs before the browser handles the next key, which may open another overlay.
  useLayoutEffect(() => {
    overlay.value = undefined;
    // A new screen starts at its top, and screen readers start at its title.
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    isFirst.current = false;
    placeScreen();
  }, [address]);
  const isNavigating = overlay.value === 'navigation';
  return (
    <div class={isNavigating ? 'shell navigating' : 'shell'}>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to content
      </a>
      <header class="topbar">
        <IconButton
          icon={isNavigating ? 'close' : 'menu'}
          label={isNavigating ? 'Close the navigation' : 'Open the navigation'}
          onClick={() => (overlay.value = isNavigating ? undefined : 'navigation')}
        />
        <Logo size={20} />
        <span class="strong">nf-escrow</span>
      </header>
      <Sidebar />
      <div class="content">
        {access.value !== 'open' && (
          <div class="offline" role="status">
            {offline}
          </div>
        )}
        <Banner />
        <main ref={main} id="main" tabIndex={-1}>
          {screenFor(path)}
        </main>
      </div>
      {overlay.value === 'palette' && <Palette />}
      {overlay.value === 'keys' && <KeysDialog />}
    </div>
  );
}
