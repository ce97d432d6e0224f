import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { join } from 'node:path';
import t from 'tap';
import { EscrowError } from '../../../daemon/errors.ts';
import { connectionSettings } from '../../../daemon/ledger/postgres/connection-settings.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

void t.test('reads connection strings for TCP and for Unix sockets', async (t) => {
  const file = join(temporaryDirectory(t), 'ca.pem');
  writeFileSync(file, 'certificates');
  t.match(connectionSettings(`postgres://ada:p%40ss%3A@db.example.org:6543/team?sslrootcert=${file}`), {
    ...{ host: 'db.example.org', port: 6543, database: 'team', user: 'ada', password: 'p@ss:' },
    ssl: { rejectUnauthorized: true, host: 'db.example.org', ca: Buffer.from('certificates') },
    ...{ applicationName: 'nf-escrow', title: '"team" on db.example.org:6543' },
  });
  t.match(connectionSettings('postgresql://ada@[::1]/team?sslmode=verify-full&application_name=lab'), {
    ...{
      host: '::1',
      port: 5432,
      password: undefined,
      applicationName: 'lab',
      title: '"team" on [::1]:5432',
    },
  });
  for (const socket of ['postgres://ada@/team?host=/run/pg', 'postgres:///team?host=%2Frun%2Fpg&user=ada'])
    t.match(connectionSettings(socket), {
      host: '/run/pg',
      user: 'ada',
      ssl: false,
      title: '"team" on /run/pg',
    });
  t.equal(connectionSettings('postgres://ada@%2Frun%2Fpg/team').ssl, false);
});

void t.test('rejects TLS that does not verify the server, and names the remedy', async (t) => {
  for (const mode of ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'no-verify', ''])
    t.throws(() => connectionSettings(`postgres://ada@db/team?sslmode=${mode}`), {
      ...{ code: 'config-invalid', message: /only sslmode=verify-full/, hint: /sslrootcert/ },
    });
});

void t.test('rejects other strings without quoting the password', async (t) => {
  const password = randomBytes(9).toString('hex');
  const cases: [string, RegExp][] = [
    [`mysql://ada:${password}@db/team`, /does not have the required form/],
    [`ada:${password}@db`, /does not have the required form/],
    [`postgres://ada:${password}@db/team/x`, /does not have the required form/],
    [`postgres://ada:${password}@db/team#x`, /does not have the required form/],
    [`postgres://ada:${password}%zz@db/team`, /percent-encoding/],
    [`postgres://:${password}@db/team`, /no user/],
    [`postgres://ada:${password}@db`, /no database/],
    [`postgres://ada:${password}@/team`, /one host/],
    [`postgres://ada:${password}@one,two/team`, /one host/],
    [`postgres://ada:${password}@db:99999/team`, /port/],
    [`postgres://ada@db/team?password=${password}`, /before the @/],
    [`postgres://ada:${password}@db/team?options=-c%20x`, /not one of/],
    [`postgres://ada:${password}@db/team?sslrootcert=/nonexistent`, /ENOENT/],
  ];
  for (const [url, why] of cases) {
    let thrown: unknown;
    try {
      connectionSettings(url);
    } catch (error) {
      thrown = error;
    }
    t.ok(thrown instanceof EscrowError, url);
    t.match(thrown, { code: 'config-invalid', message: why });
    t.notOk(
      inspect(thrown, { showHidden: true, depth: 9 }).includes(password),
      'the password is not in the error',
    );
  }
});
