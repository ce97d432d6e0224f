import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { accepts } from '../../support/hostile.ts';
import { type Ended, type Environment, Sandbox, startProgram } from '../../support/sandbox.ts';

const KEY = 'NF_ESCROW_WRITABLE_BY_OTHERS';

void t.test("a site's lock holds against file, variable and command", async (t) => {
  const box = new Sandbox(t);
  const etc = join(box.directory, 'etc');
  const canMount = spawnSync('unshare', ['--mount', 'mount', '--bind', '/etc', '/etc']).status === 0;
  if (!canMount) {
    t.pass('skipped', { skip: 'no mount namespace may be made here' });
    return;
  }
  spawnSync('cp', ['-a', '/etc', etc]);
  mkdirSync(join(etc, 'nf-escrow'));
  const site = 'writableByOthers: refuse\nlocked: [writableByOthers]\n';
  writeFileSync(join(etc, 'nf-escrow/config.yaml'), site, { mode: 0o644 });
  const onSite = async (args: readonly string[], env: Environment = {}): Promise<Ended> => {
    const inside = `mount --bind '${etc}' /etc && exec "$@"`;
    const command = ['--mount', 'sh', '-c', inside, 'sh', process.execPath, startProgram, ...args];
    return box.startProgram('unshare', command, { env }).ended;
  };
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: 'value' });
  await accepts(t, box, ['config', 'set', 'writableByOthers', 'warn']);
  chmodSync(box.directory, 0o755);
  chmodSync(box.launch, 0o777);

  const warned = await box.escrow(['run', 'true']);
  t.equal(warned.status, 0, warned.stderr);
  t.match(
    warned.stderr,
    /launch directory.* can be changed by others: every user of this machine can write to it/,
  );
  const refused = await onSite(['run', 'true'], { [KEY]: 'warn' });
  t.equal(refused.status, 77, refused.stderr);
  t.match(refused.stderr, /^nf-escrow: Cannot start a run with secrets \(writableByOthers is refuse\)/);

  const set = await onSite(['config', 'set', 'writableByOthers', 'warn']);
  t.equal(set.status, 78);
  t.match(set.stderr, /Cannot set writableByOthers: it is locked in "\/etc\/nf-escrow\/config\.yaml"\./);
  const listed = await onSite(['config', 'list'], { [KEY]: 'warn' });
  t.match(listed.stdout, /^writableByOthers\trefuse\t\/etc\/nf-escrow\/config\.yaml \(locked\)$/m);

  const scratch = join(box.directory, 'scratch');
  mkdirSync(join(scratch, userInfo().username), { recursive: true });
  const plugins = join(box.directory, 'plugins');
  mkdirSync(join(plugins, 'nf-site-1.0.0'), { recursive: true });
  writeFileSync(
    join(etc, 'nf-escrow/config.yaml'),
    `${site}runsDir: ${scratch}/{user}/nf-escrow\npluginsDir: ${plugins}\n`,
  );
  chmodSync(box.launch, 0o755);
  await accepts(t, box, ['daemon', 'stop']);
  const placed = await onSite(['run', 'echo "$NF_ESCROW_RUN $NXF_SECRETS_FILE"'], {
    NXF_PLUGINS_DEFAULT: '',
  });
  t.match(placed.stdout, `${scratch}/${userInfo().username}/nf-escrow/r`, placed.stderr);
  t.equal(readlinkSync(join(box.state, 'plugins/nf-site-1.0.0')), join(plugins, 'nf-site-1.0.0'));

  const allowed = await onSite(['run', 'true']);
  t.equal(allowed.status, 0, allowed.stderr);
  t.notMatch(allowed.stderr, /can be changed by others|will contain new files/);
});
