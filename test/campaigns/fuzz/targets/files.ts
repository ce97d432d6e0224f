import { oneof, object, uint8Array, json } from 'fast-check';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadSettings } from '../../../../daemon/config/settings.ts';
import { isSecretName } from '../../../../daemon/contract/secret-name.ts';
import { assertNoOtherHost } from '../../../../daemon/system/host-lease/hold-host-lease.ts';
import {
  readHostLease,
  secondsSinceHeartbeat,
  writeHostLease,
} from '../../../../daemon/system/host-lease/host-lease.ts';
import { identifySelf } from '../../../../daemon/system/processes/process-identity.ts';
import { writeSetting } from '../../../../daemon/cli/io/settings-file.ts';
import { readLocalStore } from '../../../../daemon/nextflow/launcher/local-store.ts';
import { readImport, type ImportSource } from '../../../../daemon/cli/io/import-sources.ts';
import { readLauncher } from '../../../../daemon/nextflow/launcher/version.ts';
import { importedValues } from '../../../../daemon/vault/transfer/imported-values.ts';
import { readRing } from '../../../../daemon/vault/keys/key-ring.ts';
import { bytesOf, hold, type Target } from '../target.ts';
import { lines } from './lines.ts';

const MODE = { mode: 0o600 };

/** The user's own store.json of Nextflow. */
export const store: Target = {
  name: 'store-json',
  share: 80,
  arbitrary: oneof(
    json({ maxDepth: 3 }),
    lines('[', ']', '{"name":', '"FOO_KEY"', ',"value":', '"@NEEDLE@"', '}', ','),
  ),
  open: ({ directory, needle }) => ({
    run: (input) => {
      const path = join(directory, 'store.json');
      writeFileSync(path, bytesOf(input, needle), MODE);
      const found = readLocalStore(path);
      hold(
        [...found].every(([name, value]) => isSecretName(name) && !value.open().includes(0)),
        'names are valid and values contain no NUL',
      );
      return found;
    },
  }),
};

/** config.yaml: reads it, and changes one setting. */
export const config: Target = {
  name: 'config-yaml',
  share: 30,
  arbitrary: oneof(
    lines(
      'workspace: ',
      'onLost: ',
      'wait:60',
      'keepRunsDays: ',
      '30',
      'runsDir: ',
      '/tmp/x',
      'nextflow: ',
      '&a ',
      '*a',
      '!!binary ',
      '- ',
      '  ',
      '"',
      '[',
      '{',
      '? ',
      '| ',
      '# ',
    ),
    object({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
  ),
  open: ({ directory, needle }) => ({
    run: async (input) => {
      const path = join(directory, 'config.yaml');
      writeFileSync(path, bytesOf(input, needle), MODE);
      const settings = await loadSettings({ NF_ESCROW_HOME: directory });
      hold(
        Number.isInteger(settings.hostLeaseSeconds) && settings.paths.runs.startsWith('/'),
        'settings are valid',
      );
      writeSetting(path, 'workspace', 'lab/rna');
      hold(
        (await loadSettings({ NF_ESCROW_HOME: directory })).workspace === 'lab/rna',
        'a changed setting is read back',
      );
    },
  }),
};

const SOURCES: readonly ImportSource[] = ['dotenv', 'json', 'nextflow'];

/** Files of secrets to import. The first byte chooses the format. */
export const imports: Target = {
  name: 'imports',
  share: 60,
  arbitrary: lines(
    '0',
    '1',
    '2',
    'FOO_KEY=',
    'export ',
    '"',
    "'",
    '`',
    '@NEEDLE@',
    '#',
    '\\n',
    '{"FOO_KEY":"@NEEDLE@"',
    '}',
    '[{"name":"FOO_KEY","value":"@NEEDLE@"}]',
  ),
  open: ({ directory, needle }) => ({
    run: async (input) => {
      const source = SOURCES[(input[0] ?? 0) % SOURCES.length] ?? 'json';
      const path = join(directory, 'import');
      writeFileSync(path, bytesOf(input.subarray(1), needle), MODE);
      return importedValues(await readImport(source, path, {}));
    },
  }),
};

/** The host lease and its heartbeat. */
export const hostLease: Target = {
  name: 'host-lease',
  share: 30,
  arbitrary: lines(
    '{"holder":',
    '{"host":"',
    'elsewhere',
    '","bootId":"b","pidNamespace":"p","pid":1,"startTime":"1"}',
    ',"epoch":',
    '7',
    '1e400',
    '-1',
    '}',
    'null',
  ),
  open: ({ directory, needle }) => ({
    run: (input) => {
      const path = join(directory, 'daemon.host');
      const bytes = bytesOf(input, needle);
      writeFileSync(path, bytes, MODE);
      writeFileSync(`${path}.beat`, bytes, MODE);
      const lease = readHostLease(path);
      hold(lease === undefined || typeof lease.epoch === 'number', 'an epoch is a number');
      hold(secondsSinceHeartbeat(path) >= 0, 'the age of a heartbeat is not negative');
      try {
        assertNoOtherHost(path, 60, false);
      } finally {
        if (bytes.length % 8 === 0) {
          const mine = { holder: identifySelf(), epoch: 9 };
          writeHostLease(path, mine);
          hold(readHostLease(path)?.epoch === 9, 'a written lease is read back');
        }
      }
    },
  }),
};

/** The key file of the vault. */
export const keyFile: Target = {
  name: 'key-file',
  share: 60,
  arbitrary: lines(
    'nf-escrow-key-1 ',
    'ab'.repeat(32),
    'nf-escrow-key-2 ',
    'passphrase ',
    'command ',
    '0123456789abcdef ',
    'scrypt ',
    '131072 8 1 ',
    '0'.repeat(32),
  ),
  open: ({ directory, needle }) => ({
    run: (input) => {
      const path = join(directory, 'vault.key');
      rmSync(path, { force: true });
      writeFileSync(path, bytesOf(input, needle), MODE);
      hold((readRing(path)?.length ?? 0) > 0, 'a key ring is not empty');
    },
  }),
};

/** The script of Nextflow's launcher, or another program in its place. */
export const launcher: Target = {
  name: 'nextflow-launcher',
  share: 60,
  arbitrary: oneof(
    lines('NXF_VER=${NXF_VER:-"', '24.10.0', '"}', 'NXF_PACK=dist', 'version_check="^(', '17|', '1.8|', ')"'),
    uint8Array({ maxLength: 300 }),
  ),
  open: ({ directory, needle }) => ({
    run: (input) => {
      const path = join(directory, 'nextflow');
      writeFileSync(path, bytesOf(input, needle), MODE);
      readLauncher(path, {});
    },
  }),
};
