// Connections to PostgreSQL over TCP verify the server.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import t from 'tap';
import { EscrowError } from '../../../daemon/errors.ts';
import { openPostgresLedger } from '../../../daemon/ledger/postgres/open.ts';
import { asAdministrator } from '../../support/postgres-databases.ts';
import { freePorts } from '../../support/free-ports.ts';
import { startPostgres } from '../../support/postgres.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

/** Creates a certificate authority, and a certificate of it for each name. */
function certificates(directory: string, leaves: Readonly<Record<string, readonly string[]>>): void {
  const openssl = (...args: string[]): unknown =>
    execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  for (const ca of ['ca', 'other-ca'])
    openssl(
      'req',
      '-x509',
      ...key,
      '-keyout',
      `${ca}.key`,
      '-out',
      `${ca}.pem`,
      '-subj',
      `/CN=${ca}`,
      '-days',
      '30',
    );
  for (const [name, [subject = '', ...dates]] of Object.entries(leaves)) {
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', '/CN=server');
    writeFileSync(join(directory, `${name}.ext`), `subjectAltName=${subject}\n`);
    const validity = dates.length === 0 ? ['-days', '30'] : dates;
    const ca = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'];
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...ca,
      '-out',
      `${name}.pem`,
      '-extfile',
      `${name}.ext`,
      ...validity,
    );
  }
}

void t.test('connects over TCP only to a server whose certificate and name are right', async (t) => {
  const [port] = await freePorts(1);
  if (port === undefined) return;
  const config = await startPostgres(t, port);
  if (config === undefined) return;
  const directory = temporaryDirectory(t);
  certificates(directory, {
    right: ['DNS:localhost,IP:127.0.0.1'],
    'wrong-host': ['DNS:db.example.org'],
    expired: ['DNS:localhost', '-days', '-1'],
  });
  const password = randomBytes(9).toString('hex');
  await asAdministrator(config, `CREATE ROLE ada LOGIN SUPERUSER PASSWORD '${password}'`);
  const url = (host: string, ca = 'ca', secret = password): string =>
    `postgres://ada:${secret}@${host}:${String(port)}/postgres?sslrootcert=${directory}/${ca}.pem`;
  const serve = async (name: string): Promise<void> => {
    for (const [from, to] of [
      ['pem', 'server.crt'],
      ['key', 'server.key'],
    ] as const) {
      const file = join(config.data, to);
      copyFileSync(join(directory, `${name}.${from}`), file);
      chmodSync(file, 0o600);
      chownSync(file, config.uid, config.gid);
    }
    await asAdministrator(config, 'ALTER SYSTEM SET ssl = on');
    await asAdministrator(config, `SELECT pg_reload_conf()`);
  };
  const failure = async (target: string): Promise<EscrowError> => {
    const error: unknown = await openPostgresLedger(target).then(
      async (ledger) => ledger.close(),
      (thrown: unknown) => thrown,
    );
    t.ok(error instanceof EscrowError);
    t.notOk(
      inspect(error, { showHidden: true, depth: 9 }).includes(password),
      'the password is not in the error',
    );
    return error as EscrowError;
  };
  t.match(await failure(url('localhost')), { code: 'ledger-untrusted', message: /does not offer TLS/ });
  writeFileSync(
    join(config.data, 'pg_hba.conf'),
    'local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n',
  );
  const cases: [string, string, RegExp][] = [
    ['wrong-host', url('localhost'), /for another host/],
    ['expired', url('localhost'), /expired/],
    ['right', url('localhost', 'other-ca'), /unknown issuer|self-signed/],
  ];
  for (const [name, target, message] of cases) {
    await serve(name);
    t.match(await failure(target), { code: 'ledger-untrusted', message, hint: /^[A-Z]/ }, name);
  }
  await serve('right');
  for (const host of ['localhost', '127.0.0.1']) {
    const ledger = await openPostgresLedger(url(host));
    t.ok(ledger.id, host);
    await ledger.close();
  }
  t.match(await failure(url('localhost', 'ca', 'wrong')), {
    code: 'ledger-denied',
    message: /rejected the user/,
  });
});
