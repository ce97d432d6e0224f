import { computed, effect, signal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { access, type Access } from '../access/session.ts';
import { endPauses, isPaused } from '../api/pause.ts';
import { Button } from '../components/button.tsx';
import { Command } from '../components/copy.tsx';
import { Logo } from '../components/icon.tsx';

const wasOpen = signal(false);
effect(() => {
  if (access.value === 'open') wasOpen.value = true;
});

/** Whether this page had access before. */
export const hasBeenOpen = computed(() => wasOpen.value);

interface Text {
  readonly title: string;
  readonly text: ComponentChildren;
  readonly command?: string;
}

const TEXTS: Readonly<Record<Exclude<Access, 'open' | 'starting'>, Text>> = {
  'signed-out': {
    title: 'Open the dashboard from a terminal',
    text: 'This browser tab is not signed in. Run this command on the machine where you use nf-escrow, and open the link that it prints.',
    command: 'nf-escrow dashboard',
  },
  'code-invalid': {
    title: 'This link is no longer valid',
    text: 'A link works once and expires after five minutes. To get a new link, run this command again.',
    command: 'nf-escrow dashboard',
  },
  unreachable: {
    title: 'The daemon does not answer',
    text: 'If you use SSH port forwarding, check that it is connected. This page reconnects when the daemon answers again. If it does not reconnect, open the dashboard again with this command.',
    command: 'nf-escrow dashboard',
  },
  untrusted: {
    title: 'Another program answers at this address',
    text: 'The program cannot prove that it is the daemon of this session, so this page sends it no token and no secret. Close this tab, and open the dashboard again with this command.',
    command: 'nf-escrow dashboard',
  },
  unsupported: {
    title: 'This address is not secure',
    text: 'This page uses cryptographic functions that browsers provide only on localhost and over HTTPS. Open the dashboard at http://localhost or http://127.0.0.1.',
  },
};

/** Explains why the page has no access to the API, and the remedy. Empty while the page does not know the reason yet. */
export function Welcome({ access: state }: { readonly access: Access }): JSX.Element {
  const { title, text, command } = TEXTS[state === 'open' || state === 'starting' ? 'signed-out' : state];
  if (state === 'open' || state === 'starting') return <main class="welcome" aria-busy="true" />;
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
