import { decodeLocator, type AwsAccess } from './access.ts';
import { asAwsError } from './aws-error.ts';
import type { AwsSession, OpenSession } from './session.ts';
import type { ProvidedCredentials } from './credentials.ts';

/** How an object that was placed is reached: `service` makes the client that it needs. */
interface ClientSource<Client> {
  readonly openSession: OpenSession;
  readonly provided: ProvidedCredentials;
  readonly service: (session: AwsSession) => Promise<Client>;
}

/**
 * Has work done with a client of its own, as whom the locator names, or with what was provided. What AWS answers becomes our
 * error, of which `what` is the beginning.
 */
export async function withClient<Access extends AwsAccess, Client extends { destroy(): void }, Result>(
  { openSession, provided, service }: ClientSource<Client>,
  locator: string | null,
  what: string,
  work: (client: Client, access: Access) => Promise<Result>,
): Promise<Result> {
  const access = decodeLocator(locator) as Access;
  const client = await service(await openSession(access, provided));
  try {
    return await work(client, access);
  } catch (error) {
    throw asAwsError(what, access, error);
  } finally {
    client.destroy();
  }
}
