import { measure } from '../../system/telemetry.ts';
import { classifyFailure } from './aws-error.ts';

type Handler = (args: never) => Promise<unknown>;

/** What the clients of all services have in common. */
interface Client {
  readonly middlewareStack: {
    add(
      middleware: (next: Handler, context: { readonly commandName?: string }) => Handler,
      options: { readonly step: 'initialize'; readonly name: string },
    ): void;
  };
}

/** Measures each request of a client: its operation and its result. Retries of the SDK count as one request. */
export function measured<Of>(client: Of): Of {
  const { middlewareStack } = client as Client;
  const count: Parameters<typeof middlewareStack.add>[0] = (next, context) => async (args) => {
    const operation = context.commandName?.replace(/Command$/, '') ?? 'unknown';
    try {
      const output = await next(args);
      measure('awsRequest', { operation, result: 'ok' });
      return output;
    } catch (error) {
      measure('awsRequest', { operation, result: classifyFailure(error) });
      throw error;
    }
  };
  middlewareStack.add(count, { step: 'initialize', name: 'nfEscrowMeasure' });
  return client;
}
