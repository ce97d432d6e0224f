// On the daemon of a user, commands for teams explain that they need a team server.
import t from 'tap';
import { Sandbox } from '../../support/sandbox.ts';

/** Commands that name an object of the daemon. */
const ON_DAEMON: readonly (readonly string[])[] = [
  ['members', 'add', 'local/main', 'ada', '--role', 'launch'],
  ['members', 'update', 'local/main', 'ada', '--role', 'launch'],
  ['members', 'remove', 'local/main', 'ada', '--yes'],
  ['members', 'list', 'local'],
  ['service-accounts', 'create', 'local/ci'],
  ['service-accounts', 'list', 'local'],
  ['service-accounts', 'remove', 'local/ci', '--yes'],
];

/** Commands that name no object. */
const ON_ANY_SERVER: readonly (readonly string[])[] = [
  ['tokens', 'create', 'laptop', '--scope', 'read'],
  ['tokens', 'list'],
  ['tokens', 'revoke', 'x', '--yes'],
  ['users', 'list'],
  ['users', 'suspend', 'ada', '--yes'],
  ['users', 'resume', 'ada'],
  ['users', 'invite', 'ada@example.org'],
  ['users', 'invitations'],
  ['users', 'uninvite', 'x', '--yes'],
  ['users', 'sign-in-link', 'ada'],
  ['users', 'sign-out', 'ada', '--yes'],
  ['releases', 'list'],
];

void t.test('names the remedy, and lists the only member of a workspace', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  const expectations = [
    { commands: ON_DAEMON, expected: 1, message: /on the daemon of a user.*Sign in to a team server/s },
    {
      commands: ON_ANY_SERVER,
      expected: 77,
      message: /not signed in to a team server.*Sign in: nf-escrow login/s,
    },
  ];
  for (const { commands, expected, message } of expectations)
    for (const command of commands) {
      const { status, stderr, stdout } = await box.escrow([...command]);
      t.equal(status, expected, command.join(' '));
      t.match(stderr, message, command.join(' '));
      t.equal(stdout, '');
    }
  const { stdout } = await box.escrow(['members', 'list', 'local/main', '--json']);
  t.match(JSON.parse(stdout), { members: [{ role: 'owner', source: 'workspace' }] });
  t.match((await box.escrow(['members', 'list', 'local/main'])).stdout, /\towner\tworkspace\n/);
});
