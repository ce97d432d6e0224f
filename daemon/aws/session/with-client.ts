import { accessFrom, type AwsAccess } from './access.ts';
import { asAwsError } from './aws-error.ts';
import type { AwsSession, OpenSession } from './session.ts';
import type { LentCredentials } from './credentials.ts';

/** How an object that was placed is reached: `service` makes the client that it needs. */
interface Reach<Client> {
  readonly openSession: OpenSession;
  readonly lent: LentCredentials;
  readonly service: (session: AwsSession) => Promise<Client>;
}

/**
 * Has work done with a client of its own, as whom the anchor names, or with what was lent. What AWS answers becomes our
 * error, of which `what` is the beginning.
 */
export async function withClient<Access extends AwsAccess, Client extends { destroy(): void }, Result>(
  { openSession, lent, service }: Reach<Client>,
  anchor: string | null,
  what: string,
  work: (client: Client, access: Access) => Promise<Result>,
): Promise<Result> {
  const access = accessFrom(anchor) as Access;
  const client = await service(await openSession(access, lent));
  try {
    return await work(client, access);
  } catch (error) {
    throw asAwsError(what, access, error);
  } finally {
    client.destroy();
  }
}
