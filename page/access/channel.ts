/** A message between the tabs of this page. */
interface Message {
  readonly type: 'ask' | 'wait' | 'session' | 'signed-out' | 'events' | 'check';
  readonly [property: string]: unknown;
}

/** Connects the tabs of this origin, which no other origin can join. */
export const channel = new BroadcastChannel('nf-escrow');

/** Calls `handle` for each message of a type from another tab. Returns a function that stops it. */
export function onMessage(type: Message['type'], handle: (message: Message) => void): () => void {
  const listen = ({ data }: MessageEvent<Message>): void => {
    if (data.type === type) handle(data);
  };
  channel.addEventListener('message', listen);
  return () => channel.removeEventListener('message', listen);
}
