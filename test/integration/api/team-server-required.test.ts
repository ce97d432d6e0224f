// On the daemon of a user, commands for teams explain that they need a team server.
import t from 'tap';
import { Sandbox } from '../../support/sandbox.ts';

const COMMANDS: readonly (readonly string[])[] = [
  ['members', 'add', 'local/main', 'ada', '--role', 'launch'],
  ['members', 'update', 'local/main', 'ada', '--role', 'launch'],
  ['members', 'remove', 'local/main', 'ada', '--yes'],
  ['members', 'list', 'local'],
  ['service-accounts', 'create', 'local/ci'],
  ['service-accounts', 'list', 'local'],
  ['service-accounts', 'remove', 'local/ci', '--yes'],
  ['tokens', 'create', 'laptop', '--scope', 'read'],
  ['tokens', 'list'],
  ['tokens', 'revoke', 'x', '--yes'],
  ['users', 'list'],
  ['users', 'suspend', 'ada', '--yes'],
  ['users', 'resume', 'ada'],
];

void t.test('names the remedy, and lists the only member of a workspace', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  for (const command of COMMANDS) {
    const { status, stderr, stdout } = await box.escrow([...command]);
    t.equal(status, 1, command.join(' '));
    t.match(stderr, /on the daemon of a user.*team server/s, command.join(' '));
    t.equal(stdout, '');
  }
  const { stdout } = await box.escrow(['members', 'list', 'local/main', '--json']);
  t.match(JSON.parse(stdout), { members: [{ role: 'owner', source: 'workspace' }] });
  t.match((await box.escrow(['members', 'list', 'local/main'])).stdout, /\towner\tworkspace\n/);
});
