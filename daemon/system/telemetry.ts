import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';

/** What the daemon measures, by name. Values of labels come from closed lists. */
interface Measurements {
  /** The secrets of a run were delivered, or could not be. */
  readonly delivery: {
    readonly platform: string;
    readonly result: 'ok' | 'failed';
    readonly seconds: number;
  };
  /** A run was purged, this long after its end. */
  readonly purge: { readonly seconds: number };
  /** A request to AWS was answered, or failed. */
  readonly awsRequest: { readonly operation: string; readonly result: string };
  /** An attempt to deliver a webhook. */
  readonly webhook: { readonly result: 'delivered' | 'failed' | 'dropped' };
}

type Name = keyof Measurements;

/** Reports a measurement to the subscribers in this process. Does nothing if there are none, as in commands. */
export function measure<Of extends Name>(name: Of, measured: Measurements[Of]): void {
  channel(nameOf(name)).publish(measured);
}

/** Calls `receive` for each measurement, until the returned function is called. */
export function onMeasurement<Of extends Name>(
  name: Of,
  receive: (measured: Measurements[Of]) => void,
): () => void {
  const listen = (message: unknown): void => {
    receive(message as Measurements[Of]);
  };
  subscribe(nameOf(name), listen);
  return () => unsubscribe(nameOf(name), listen);
}

function nameOf(name: Name): string {
  return `nf-escrow:${name}`;
}
