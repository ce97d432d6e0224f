import type { Access } from '../access/session.ts';
import type { WelcomeText } from '../product.ts';

/** What the page of a daemon says without access. */
export const welcomeTexts: Readonly<Record<Exclude<Access, 'open' | 'starting'>, WelcomeText>> = {
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
