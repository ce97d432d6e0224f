import type { JSX } from 'preact';
import { access } from '../access/session.ts';
import { Shell } from './shell.tsx';
import { Toasts } from './toasts.tsx';
import { hasBeenOpen, Welcome } from './welcome.tsx';

/** The page: the shell with a screen, or the remedy if there is no access. If the daemon stops answering, the screen remains. */
export function App(): JSX.Element {
  const isOpen = access.value === 'open' || (access.value === 'unreachable' && hasBeenOpen.value);
  return (
    <>
      {isOpen ? <Shell /> : <Welcome access={access.value} />}
      <Toasts />
    </>
  );
}
