import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { loadSettings } from '../../../daemon/config/settings.ts';
import { SettingSources } from '../../../daemon/config/setting-sources.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

/** Settings as a user and a site have written them. */
async function sourcesOf(
  t: Test,
  user: string,
  site: string,
  env: Record<string, string> = {},
): Promise<SettingSources> {
  const directory = temporaryDirectory(t);
  const [userFile, siteFile] = [join(directory, 'user.yaml'), join(directory, 'site.yaml')];
  writeFileSync(userFile, user, { mode: 0o600 });
  writeFileSync(siteFile, site, { mode: 0o600 });
  return SettingSources.read(env, userFile, siteFile);
}

void t.test('the site sets defaults, and locks what its users may not change', async (t) => {
  const site = 'writableByOthers: refuse\nkeepRunsDays: 30\n';
  const from = '/etc/nf-escrow/config.yaml';
  const open = await sourcesOf(t, 'writableByOthers: warn\n', site);
  t.match(open.lookUp('writableByOthers'), { value: 'warn', from: 'config.yaml', isLocked: false });
  t.match(open.lookUp('keepRunsDays'), { value: '30', from, isLocked: false });
  t.match(open.lookUp('onLost'), { value: 'purge-now', from: 'default', isLocked: false });
  const locks = `${site}locked: [writableByOthers, onLost]\n`;
  const locked = await sourcesOf(t, 'writableByOthers: warn\nonLost: wait\n', locks, {
    NF_ESCROW_WRITABLE_BY_OTHERS: 'warn',
  });
  t.match(locked.lookUp('writableByOthers'), { value: 'refuse', from, isLocked: true });
  t.match(locked.lookUp('onLost'), { value: 'purge-now', from: 'default', isLocked: true });
  for (const [text, message] of [
    ['locked: onLost\n', /must be a list of keys/],
    ['locked: [nothing]\n', /^Unknown key "nothing"/],
    ['nothing: 1\n', /^Unknown key "nothing"/],
    ['[', /is not valid YAML/],
  ] as const)
    await t.rejects(sourcesOf(t, '', text), { code: 'config-invalid', message }, text);
  await t.rejects(sourcesOf(t, 'locked: [onLost]\n', ''), { message: /^Unknown key "locked"/ });
});

void t.test('reads trusted owners from a list, a text or a variable, and refuses other values', async (t) => {
  const read = async (text: string, env: Record<string, string> = {}): Promise<readonly string[]> => {
    const home = temporaryDirectory(t);
    writeFileSync(join(home, 'config.yaml'), text, { mode: 0o600 });
    return (await loadSettings({ ...env, NF_ESCROW_HOME: home })).trustedOwners;
  };
  t.same(await read(''), []);
  t.same(await read('trustedOwners: [sw, 1005]\n'), ['sw', '1005']);
  t.same(await read('trustedOwners: sw, LAB\\sw2\n'), ['sw', 'LAB\\sw2']);
  t.same(await read('trustedOwners: 1005\n'), ['1005']);
  t.same(await read('trustedOwners: [sw]\n', { NF_ESCROW_TRUSTED_OWNERS: 'other,1006' }), ['other', '1006']);
  for (const text of ['"*"', '[-u]', '[[sw]]', '["a,b"]', '[sw, sw]', '"a b"', '[{}]', '99999999999'])
    await t.rejects(read(`trustedOwners: ${text}\n`), { code: 'config-invalid' }, text);
  await t.rejects(read('workspace: [a, b]\n'), { code: 'config-invalid' }, 'no other setting is a list');
  const locked = 'trustedOwners: [sw]\nlocked: [trustedOwners]\n';
  const site = await sourcesOf(t, 'trustedOwners: [ann]\n', locked, { NF_ESCROW_TRUSTED_OWNERS: 'ann' });
  t.match(site.lookUp('trustedOwners'), { value: 'sw', from: '/etc/nf-escrow/config.yaml', isLocked: true });
});
