import { computed, effect, signal } from '@preact/signals';
import type { JSX } from 'preact';
import { access, type Access } from '../access/session.ts';
import { endPauses, isPaused } from '../api/pause.ts';
import { Button } from '../components/button.tsx';
import { Command } from '../components/copy.tsx';
import { Logo } from '../components/icon.tsx';
import { product } from '../product.ts';

const wasOpen = signal(false);
effect(() => {
  if (access.value === 'open') wasOpen.value = true;
});

/** Whether this page had access before. */
export const hasBeenOpen = computed(() => wasOpen.value);

/** Explains why the page has no access to the API, and the remedy. Empty while the page does not know the reason yet. */
export function Welcome({ access: state }: { readonly access: Access }): JSX.Element {
  const found = product().welcome[state];
  if (found === undefined) return <main class="welcome" aria-busy="true" />;
  const { title, text, command } = found;
  return (
    <main class="welcome">
      <div class="welcome-card">
        <Logo size={36} />
        <h1>{title}</h1>
        <p>{text}</p>
        {state === 'unreachable' && (
          <Button kind="primary" icon="refresh" isBusy={!isPaused()} onClick={endPauses}>
            Retry
          </Button>
        )}
        {command !== undefined && <Command>{command}</Command>}
      </div>
    </main>
  );
}
