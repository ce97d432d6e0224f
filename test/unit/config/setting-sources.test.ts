import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
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
  t.same(open.lookUp('writableByOthers'), { value: 'warn', from: 'config.yaml', isLocked: false });
  t.same(open.lookUp('keepRunsDays'), { value: '30', from, isLocked: false });
  t.same(open.lookUp('onLost'), { value: 'purge-now', from: 'default', isLocked: false });
  const locks = `${site}locked: [writableByOthers, onLost]\n`;
  const locked = await sourcesOf(t, 'writableByOthers: warn\nonLost: wait\n', locks, {
    NF_ESCROW_WRITABLE_BY_OTHERS: 'warn',
  });
  t.same(locked.lookUp('writableByOthers'), { value: 'refuse', from, isLocked: true });
  t.same(locked.lookUp('onLost'), { value: 'purge-now', from: 'default', isLocked: true });
  for (const [text, message] of [
    ['locked: onLost\n', /must be a list of keys/],
    ['locked: [nothing]\n', /^Unknown key "nothing"/],
    ['nothing: 1\n', /^Unknown key "nothing"/],
    ['[', /is not valid YAML/],
  ] as const)
    await t.rejects(sourcesOf(t, '', text), { code: 'config-invalid', message }, text);
  await t.rejects(sourcesOf(t, 'locked: [onLost]\n', ''), { message: /^Unknown key "locked"/ });
});
