import type { Session } from '../../daemon/contract/types.ts';
import { channel, onMessage } from './channel.ts';
import { proveServer } from './prove-server.ts';
import { asSession, currentSession } from './session.ts';

/** Time in which another tab answers that it has a session. */
const ANSWER_MS = 600;
/** Time in which such a tab gets the proof of the daemon, and then gives the session. */
const PROOF_MS = 10_000;

/** Gives the session to new tabs that ask, but only while the daemon of the session answers at this address. */
export function answerNewTabs(): void {
  onMessage('ask', () => {
    const session = currentSession();
    if (session === undefined) return;
    channel.postMessage({ type: 'wait' });
    void proveServer(session).then((result) => {
      if (result === 'proven') channel.postMessage({ type: 'session', session });
    });
  });
}

/** Asks other tabs for their session. */
export async function askOtherTabs(): Promise<Session | undefined> {
  return new Promise((resolve) => {
    const giveUp = (): void => {
      finish(undefined);
    };
    let timer = setTimeout(giveUp, ANSWER_MS);
    const stops = [
      onMessage('wait', () => {
        clearTimeout(timer);
        timer = setTimeout(giveUp, PROOF_MS);
      }),
      onMessage('session', ({ session }) => {
        finish(asSession(session));
      }),
    ];
    const finish = (found: Session | undefined): void => {
      for (const stop of stops) stop();
      clearTimeout(timer);
      resolve(found);
    };
    channel.postMessage({ type: 'ask' });
  });
}
