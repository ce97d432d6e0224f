import { connectStored, type StoredServer } from '../api-client/https/stored-servers.ts';
import { readAll } from '../api-client/read-all.ts';
import { assertSecretName } from '../contract/secret-name.ts';
import type { Delivery, Release, Secret } from '../contract/types.ts';
import { validate } from '../contract/validate.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { decryptPayload, type ReleasedVersion } from '../releases/payload.ts';
import { isReleaseCredential } from '../releases/release-credential.ts';
import { unusable } from '../releases/unusable-response.ts';
import { step, type FaultInjector } from '../system/steps.ts';
import type { SecretValue } from '../vault/secret-value.ts';
import { qualifiedTitle } from './find-on-servers.ts';
import { readServerEnvironment, requestDelivery, type HeldRequest } from './request-delivery.ts';
import { repeatRequest } from './repeat-request.ts';
import { sendRepeatedly } from './send-repeatedly.ts';
import { findRemoteWorkspace, type RemoteWorkspace } from './remote-workspace.ts';
import type { ReleaseSource, SecretCandidate } from './source.ts';

/** Time in which a request can be repeated. */
const EXPIRY_MS = 3_600_000;

/** Options of the source. */
export interface ServerSourceOptions {
  readonly ledger: Ledger;
  /** Reads the servers again for each run, because `login` writes them. */
  readonly servers: () => readonly StoredServer[];
  readonly faults: FaultInjector;
}

/** The source for workspaces of team servers. */
export class ServerSource implements ReleaseSource {
  readonly #ledger: Ledger;
  readonly #servers: ServerSourceOptions['servers'];
  readonly #faults: FaultInjector;

  constructor({ ledger, servers, faults }: ServerSourceOptions) {
    this.#ledger = ledger;
    this.#servers = servers;
    this.#faults = faults;
  }

  async find(title: string): Promise<RemoteWorkspace | string> {
    return findRemoteWorkspace(title, this.#servers(), async (own) => {
      const [organization = '', name = ''] = own.split('/');
      const found = await this.#ledger.db
        .selectFrom('scopes')
        .select('id')
        .where('kind', '=', 'workspace')
        .where('organization', '=', organization)
        .where('name', '=', name)
        .executeTakeFirst();
      return found !== undefined;
    });
  }

  async list({ server, title }: RemoteWorkspace): Promise<SecretCandidate[]> {
    const client = connectStored(server);
    try {
      const secrets = await repeatRequest(() =>
        readAll<Secret>(client, `/v1/workspaces/${title}/secrets`, 'secrets'),
      );
      return secrets.map(({ name, version }) => {
        assertSecretName(name); // becomes the name of a file
        if (!Number.isSafeInteger(version) || version < 1)
          throw unusable(server, 'a version is not a number');
        return { name, version, scope: 'workspace', secretId: null };
      });
    } finally {
      client.close();
    }
  }

  async release(
    workspace: RemoteWorkspace,
    run: string,
    secrets: readonly ReleasedVersion[],
  ): Promise<ReadonlyMap<string, SecretValue>> {
    const { generateX25519Identity, identityToRecipient } = await import('age-encryption');
    const identity = await generateX25519Identity(); // kept in memory only, until the payload is decrypted
    const expires = new Date(Date.now() + EXPIRY_MS).toISOString();
    const { server, title } = workspace;
    const recipient = await identityToRecipient(identity);
    const wanted = secrets.map(({ name, version }) => ({ name, version }));
    const release = await step(this.#faults, 'release.request', () =>
      requestRelease(server, { workspace: title, run, expires, recipient, secrets: wanted }),
    );
    const { id, credential, payload } = release;
    if (!isReleaseCredential(credential) || id.length > 100)
      throw unusable(server, 'its credential is invalid');
    // Before the values are decrypted, so that the server gets a report on the end of the run even if the daemon is killed now.
    await step(this.#faults, 'release.record', () =>
      this.#ledger.write((db) =>
        db
          .insertInto('received_releases')
          .values({
            ...{ run_id: run, release_id: id, server: server.url, ca_file: server.caFile, credential },
            ...{ epoch: 0, sequence: 0, delivered: 0, report: null, created_at: new Date().toISOString() },
          })
          .execute(),
      ),
    );
    return decryptPayload(payload, identity, { release: id, run, workspace: title, expires }, secrets);
  }

  readonly environment = readServerEnvironment;

  async deliver(workspace: RemoteWorkspace, request: HeldRequest): Promise<Delivery> {
    return requestDelivery({ ledger: this.#ledger, faults: this.#faults }, workspace, request);
  }

  /** Returns the title under which the ledger and receipts name a workspace. */
  titleOf(workspace: RemoteWorkspace): string {
    return qualifiedTitle(workspace);
  }
}

async function requestRelease(server: StoredServer, body: object): Promise<Release> {
  const client = connectStored(server);
  try {
    const send = async (): Promise<Release> =>
      validate<'Release'>('release.json', await client.call('POST', '/v1/releases', body));
    return await sendRepeatedly(server, send);
  } finally {
    client.close();
  }
}
