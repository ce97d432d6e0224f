// Where the commands of each page run: the files, programs and objects that the page assumes.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { newUser } from '../../support/documents/page-shell.ts';
import { freePorts } from '../../support/free-ports.ts';
import { realSlurm } from '../../support/slurm.ts';
import { onServerHost, onTeamServer } from './on-team-server.ts';
import {
  addPasswordManager,
  addWorkspace,
  asNewUser,
  asUser,
  forApi,
  NEWEST,
  onAws,
  succeed,
  VALUE,
  type Setting,
} from './users.ts';

type Prepare = (t: Test, page: string) => Promise<Setting | undefined>;

const SETTINGS: Readonly<Record<string, Prepare>> = {
  'README.md': asNewUser,
  'docs/api.md': forApi,
  'docs/aws-batch.md': async (t) => {
    const setting = await onAws(t, 'nextflow-execution-lab-rna');
    if (setting !== undefined) await addWorkspace(setting.box);
    return setting;
  },
  'docs/coming-from/github-actions.md': async (t) => {
    const box = newUser(t);
    addPasswordManager(box);
    return { box };
  },
  'docs/coming-from/nextflow-secrets.md': async (t, page) => {
    const setting = await asNewUser(t, page);
    if (setting === undefined) return undefined;
    const { box } = setting;
    const set = await box.startProgram('nextflow', ['secrets', 'set', 'DB_PASSWORD', VALUE]).ended;
    t.equal(set.status, 0, set.stderr);
    return setting;
  },
  'docs/coming-from/seqera-platform.md': async (t) => {
    const box = newUser(t);
    addPasswordManager(box);
    return { box, edit: (command) => command.replace('curl ', 'curl -sS --fail-with-body ') };
  },
  'docs/commands.md': async (t) => {
    const setting = await asUser(t);
    const { box } = setting;
    await addWorkspace(box);
    writeFileSync(join(box.directory, 'passphrase'), 'correct horse battery staple\n', { mode: 0o600 });
    addPasswordManager(box);
    mkdirSync(join(box.directory, '.config/fish/completions'), { recursive: true, mode: 0o700 });
    return {
      ...setting,
      edit: (command) =>
        command
          .replace(/rekey --passphrase|vault export|vault import/, '$& --passphrase-file ~/passphrase')
          .replace(/^nf-escrow daemon stop.*/, '$&\nnf-escrow vault unlock --passphrase-file ~/passphrase')
          .replace(/import --from dotenv|vault import/, '$& --replace'),
    };
  },
  'docs/hpc.md': async (t) => {
    const slurm = await realSlurm(t);
    if (slurm === undefined) return undefined;
    const setting = await asUser(t, slurm.env);
    const { box } = setting;
    writeFileSync(join(box.launch, 'pipeline.sh'), '#!/bin/bash\nnf-escrow run main.nf\n', { mode: 0o755 });
    return {
      ...setting,
      edit: (command) =>
        command.replace('/scratch/$USER', join(box.directory, 'scratch')).replace('=long', '=main'),
    };
  },
  'docs/how-to/cron-and-ci.md': async (t) => {
    const setting = await asUser(t);
    writeFileSync(join(setting.box.launch, 'id_ed25519'), 'a key\nof two lines\n');
    // `exit` would end the shell of the page.
    return { ...setting, edit: (command) => command.replace('exit $status', 'test $status = 0') };
  },
  'docs/how-to/nf-core.md': async (t) => {
    const setting = await asUser(t);
    writeFileSync(join(setting.box.launch, 'license.txt'), 'license.example.com:8990');
    return setting;
  },
  'docs/how-to/shared-runs-directory.md': async (t) => {
    const setting = await asUser(t);
    const scratch = join(setting.box.directory, 'scratch');
    return { ...setting, edit: (command) => command.replace('/scratch/$USER', scratch) };
  },
  'docs/install.md': async (t) => {
    const setting = await asUser(t);
    return { ...setting, edit: (command) => command.replace(/uninstall$/, '$& --yes') };
  },
  'docs/monitoring.md': async (t) => {
    const setting = await asUser(t);
    const [port = 0] = await freePorts(1);
    return { ...setting, edit: (command) => command.replace('9464', String(port)) };
  },
  'docs/receipts.md': async (t) => {
    const setting = await asUser(t);
    await succeed(setting.box, ['run', 'main.nf']);
    return { ...setting, edit: (command) => command.replace('happy_euler', NEWEST) };
  },
  'docs/tutorial/aws-batch.md': (t) => onAws(t, 'nf-escrow-tutorial'),
  'docs/tutorial/laptop.md': asNewUser,
  'docs/tutorial/slurm.md': async (t, page) => {
    const slurm = await realSlurm(t);
    if (slurm === undefined) return undefined;
    const setting = await asNewUser(t, page, slurm.env);
    if (setting === undefined) return undefined;
    const scratch = join(setting.box.directory, 'scratch');
    return { ...setting, edit: (command) => command.replace('/scratch/$USER', scratch) };
  },
  'docs/permissions.md': (t) => onTeamServer(t, { serviceAccount: 'ci' }),
  'docs/team-server/audit-log.md': (t) => onTeamServer(t),
  'docs/team-server/backup.md': (t) => onServerHost(t),
  'docs/team-server/install.md': (t) => onServerHost(t, { isNew: true }),
  'docs/team-server/people.md': (t) => onTeamServer(t, { hasWorkspace: false }),
  'docs/team-server/rekey.md': (t) => onServerHost(t),
  'docs/team-server/runs.md': (t) => onTeamServer(t),
  'docs/team-server/sign-in.md': (t) => onServerHost(t),
};

/** Returns the setting of a page, or undefined if this machine lacks a program for it. */
export async function settingOf(page: string, t: Test): Promise<Setting | undefined> {
  return (SETTINGS[page] ?? ((test) => asUser(test)))(t, page);
}
