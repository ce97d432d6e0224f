// The team server of a bench: a database that each cell copies, and the proxy through which daemons reach the replicas of the cell.
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { machineUser } from '../../../../daemon/access/principal.ts';
import { findWorkspace } from '../../../../daemon/access/scopes.ts';
import type { StoredServer } from '../../../../daemon/api-client/https/stored-servers.ts';
import { openPostgresLedger } from '../../../../daemon/ledger/postgres/open.ts';
import { Keys } from '../../../../daemon/vault/keys/keys.ts';
import { SecretValue } from '../../../../daemon/vault/secret-value.ts';
import { Vault } from '../../../../daemon/vault/vault.ts';
import { asAdministrator, urlOf } from '../../../support/postgres-databases.ts';
import type { RunningPostgres } from '../../../support/postgres.ts';
import type { Sandbox } from '../../../support/sandbox.ts';
import { HttpsFront } from '../../../support/server/https-front.ts';
import { Team } from '../../../support/team.ts';
import { temporaryDirectory } from '../../../support/temporary.ts';
import { NAMES, newValues } from '../template.ts';
import type { StrictAws } from '../../../support/aws/strict-aws.ts';
import { ACCOUNT, QUEUE, REGION } from '../../../support/aws/test-aws.ts';
import type { Ledger } from '../../../../daemon/ledger/ledger.ts';
import { CellReplicas } from './cell-replicas.ts';

export class BenchTeam {
  readonly #database: RunningPostgres;
  readonly #template: string;
  readonly #keyFile: string;
  readonly #front: HttpsFront;
  readonly #token: string;
  readonly #endpoint: string | undefined;
  readonly values: readonly string[];

  private constructor(
    database: RunningPostgres,
    front: HttpsFront,
    made: {
      template: string;
      keyFile: string;
      token: string;
      values: readonly string[];
      endpoint: string | undefined;
    },
  ) {
    this.#database = database;
    this.#front = front;
    this.#template = made.template;
    this.#keyFile = made.keyFile;
    this.#token = made.token;
    this.values = made.values;
    this.#endpoint = made.endpoint;
  }

  /** `aws`: where the workspace has the compute environment `batch`. */
  static async open(test: Test, database: RunningPostgres, aws: StrictAws | undefined): Promise<BenchTeam> {
    const template = `template_${randomBytes(6).toString('hex')}`;
    await asAdministrator(database, `CREATE DATABASE ${template}`);
    const keyFile = join(temporaryDirectory(test), 'vault.key');
    const values = newValues();
    const ledger = await openPostgresLedger(urlOf(database, template), { connections: 2 });
    const team = new Team(ledger);
    const ada = await team.user('ada');
    await team.organization('lab', [[ada, 'owner']]);
    await team.workspace({ organization: 'lab', name: 'rna', visibility: 'shared' });
    const vault = new Vault(ledger, new Keys({ keyFile, keyCommand: undefined }));
    const scope = await findWorkspace(ledger.db, 'lab/rna');
    for (const [index, name] of NAMES.entries())
      await vault.set(machineUser(), scope, name, new SecretValue(Buffer.from(values[index] ?? '')));
    if (aws !== undefined) await makeEnvironment(ledger, scope.id);
    const { text: token } = await team.token(ada, { scopes: ['read', 'launch'] });
    await ledger.close(); // PostgreSQL copies only databases without connections
    const made = { template, keyFile, token, values, endpoint: aws?.endpoint };
    return new BenchTeam(database, await HttpsFront.start(test), made);
  }

  /** How the daemon of a cell knows the server. */
  get stored(): StoredServer {
    return this.#front.stored('vault.example.org', this.#token);
  }

  /** Starts the replicas of a cell, in the directory of its sandbox. */
  async start(box: Sandbox): Promise<CellReplicas> {
    const database = `cell_${randomBytes(6).toString('hex')}`;
    await asAdministrator(this.#database, `CREATE DATABASE ${database} TEMPLATE ${this.#template}`);
    const directory = join(box.directory, 'server');
    mkdirSync(directory, { mode: 0o700 });
    const urlFile = join(directory, 'database-url');
    writeFileSync(urlFile, urlOf(this.#database, database), { mode: 0o600 });
    const replicas = new CellReplicas(box, {
      ...{ directory, urlFile, keyFile: this.#keyFile, endpoint: this.#endpoint },
      query: async (statement) => (await asAdministrator(this.#database, statement, database)).rows as never,
      drop: async () => {
        await asAdministrator(this.#database, `DROP DATABASE ${database} WITH (FORCE)`);
      },
    });
    this.#front.sockets = replicas.sockets;
    return replicas;
  }
}

async function makeEnvironment(ledger: Ledger, scope_id: string): Promise<void> {
  const executionRole = `arn:aws:iam::${ACCOUNT}:role/nf-escrow-lab-rna`;
  const settings = { region: REGION, queue: QUEUE, workDir: 's3://nf-work/run', executionRole };
  await ledger.write((db) =>
    db
      .insertInto('server_environments')
      .values({
        ...{ id: 'batch', scope_id, name: 'batch', platform: 'aws-batch' },
        ...{ settings: JSON.stringify({ aws: settings }), own_resource: executionRole },
        ...{ created_by: 'ada', created_at: '2026-01-05T10:00:00.000Z' },
      })
      .execute(),
  );
}
