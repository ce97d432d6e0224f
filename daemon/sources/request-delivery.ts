import { readOne } from '../api-client/read-one.ts';
import { connectServer } from '../api-client/https/server-client.ts';
import { connectStored, type StoredServer } from '../api-client/https/stored-servers.ts';
import type { Delivery, ServerEnvironment } from '../contract/types.ts';
import { validate } from '../contract/validate.ts';
import { EscrowError } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ReleasedVersion } from '../releases/payload.ts';
import { createReleaseCredential, hashOfCredential } from '../releases/release-credential.ts';
import { unusable } from '../releases/unusable-response.ts';
import { step, type FaultInjector } from '../system/steps.ts';
import { REQUEST_MS } from './held-deliveries.ts';
import { isLost, repeatRequest } from './repeat-request.ts';
import type { RemoteWorkspace } from './remote-workspace.ts';
import { sendRepeatedly } from './send-repeatedly.ts';

/** Longer than the server needs for AWS. */
const TIMEOUT_MS = 90_000;

/** A run to which a server is to deliver secrets. */
export interface HeldRequest {
  readonly run: string;
  /** Name of the compute environment on the server. */
  readonly computeEnvironment: string;
  readonly secrets: readonly ReleasedVersion[];
  /** Records the send time before the request is sent, and null once it is answered. */
  readonly noteSent: (at: number | null) => Promise<void>;
}

/** Returns a compute environment of a workspace on its server; undefined if there is none. Throws errors of the server. */
export async function readServerEnvironment(
  { server, title }: RemoteWorkspace,
  name: string,
): Promise<ServerEnvironment | undefined> {
  const client = connectStored(server);
  try {
    const path = `/v1/workspaces/${title}/compute-envs/${encodeURIComponent(name)}`;
    return await repeatRequest(async () =>
      validate<'ServerEnvironment'>('server-environment.json', await readOne(client, path)),
    );
  } catch (error) {
    // A server of an earlier version has no such route.
    const isAbsent = ['compute-environment-not-found', 'not-found'];
    if (error instanceof EscrowError && isAbsent.includes(error.code)) return undefined;
    throw error;
  } finally {
    client.close();
  }
}

/**
 * Requests a delivery. The credential with which the daemon ends it is in the ledger before, and the server gets its hash only. Repeats a
 * request whose response is lost: the server returns the same references.
 */
export async function requestDelivery(
  { ledger, faults }: { readonly ledger: Ledger; readonly faults: FaultInjector },
  { server, title }: RemoteWorkspace,
  { run, computeEnvironment, secrets, noteSent }: HeldRequest,
): Promise<Delivery> {
  const credential = createReleaseCredential();
  await step(faults, 'release.record', () =>
    ledger.write((db) =>
      db
        .insertInto('received_releases')
        .values({
          // The id of the run stands for that of the release until it is known.
          ...{ run_id: run, release_id: run, server: server.url, ca_file: server.caFile, credential },
          ...{ epoch: 0, sequence: 0, delivered: 0, report: null, created_at: new Date().toISOString() },
        })
        .execute(),
    ),
  );
  await noteSent(Date.now());
  const body = {
    ...{ workspace: title, computeEnvironment, run },
    secrets: secrets.map(({ name, version }) => ({ name, version })),
    ...{
      credentialHash: hashOfCredential(credential),
      expires: new Date(Date.now() + REQUEST_MS).toISOString(),
    },
  };
  let delivery: Delivery;
  try {
    delivery = await step(faults, 'release.request', () => sendRequest(server, body));
  } catch (error) {
    if (!isLost(error)) await noteSent(null);
    throw error;
  }
  await noteSent(null);
  assertOfRequest(server, delivery, body);
  await step(faults, 'release.record', () =>
    ledger.write((db) =>
      db
        .updateTable('received_releases')
        .set({ release_id: delivery.id })
        .where('run_id', '=', run)
        .execute(),
    ),
  );
  return delivery;
}

async function sendRequest(server: StoredServer, body: object): Promise<Delivery> {
  const client = connectServer({
    ...{ url: new URL(server.url), token: server.token, timeoutMs: TIMEOUT_MS },
    ...(server.caFile === null ? {} : { caFile: server.caFile }),
  });
  try {
    const send = async (): Promise<Delivery> =>
      validate<'Delivery'>('delivery.json', await client.call('POST', '/v1/deliveries', body));
    return await sendRepeatedly(server, send);
  } finally {
    client.close();
  }
}

/** References become part of job definitions, so that only those of the requested names are used. */
function assertOfRequest(
  server: StoredServer,
  { run, workspace, references }: Delivery,
  wanted: { readonly run: string; readonly workspace: string; readonly secrets: readonly ReleasedVersion[] },
): void {
  if (run !== wanted.run || workspace !== wanted.workspace) throw unusable(server, 'it is for another run');
  const names = wanted.secrets.map(({ name }) => name);
  if (references.some(({ name }) => !names.includes(name)))
    throw unusable(server, 'it has secrets that were not requested');
}
