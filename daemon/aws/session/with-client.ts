import { decodeLocator, type AwsAccess } from './access.ts';
import { asAwsError } from './aws-error.ts';
import type { AwsSession, OpenSession } from './session.ts';
import type { ProvidedCredentials } from './credentials.ts';

/** Source of clients for the objects of leases. `service` creates the client. */
interface ClientSource<Client> {
  readonly openSession: OpenSession;
  /** Absent: only the identity that the locator names. */
  readonly provided?: ProvidedCredentials;
  readonly service: (session: AwsSession) => Promise<Client>;
}

/**
 * Runs `work` with a new client and the identity that the locator names, or with provided credentials. Converts
 * errors of AWS to an EscrowError whose message starts with `what`.
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
