import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadSettings } from '../../../daemon/config/settings.ts';
import { writeSetting } from '../../../daemon/cli/io/settings-file.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

void t.test('writes a setting and preserves comments, even in a file with nothing else', (t) => {
  const path = join(temporaryDirectory(t), 'config.yaml');
  for (const [before, after] of [
    ['# of the lab\n', /# of the lab\n+workspace: lab\/rna\n/],
    ['keepRunsDays: 30 # days\n', /keepRunsDays: 30 # days\nworkspace: lab\/rna\n/],
    ['~\n', /workspace: lab\/rna\n/],
    ['', /^workspace: lab\/rna\n/],
  ] as const) {
    writeFileSync(path, before, { mode: 0o600 });
    writeSetting(path, 'workspace', 'lab/rna');
    t.match(readFileSync(path, 'utf8'), after, JSON.stringify(before));
  }
  t.end();
});

void t.test('rejects an oversized file without reading all of it', async (t) => {
  const directory = temporaryDirectory(t);
  const lines = Array.from({ length: 20_000 }, (_, index) => `key${String(index)}: value\n`);
  writeFileSync(join(directory, 'config.yaml'), lines.join(''), { mode: 0o600 });
  await t.rejects(loadSettings({ NF_ESCROW_HOME: directory }), {
    code: 'config-invalid',
    message: /more than 65536 bytes/,
  });
});
