import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { array, constantFrom, oneof, string, tuple } from 'fast-check';
import { loadSettings } from '../../../../daemon/config/settings.ts';
import { locatePaths } from '../../../../daemon/config/paths.ts';
import { readLauncher } from '../../../../daemon/nextflow/launcher/version.ts';
import { ownPluginsDirectory } from '../../../../daemon/nextflow/plugin/plugins-directory.ts';
import { whyPluginUnusable } from '../../../../daemon/nextflow/plugin/secret-delivery.ts';
import { findNextflow } from '../../../../daemon/nextflow/launcher/find.ts';
import { findLocalStore } from '../../../../daemon/nextflow/launcher/local-store.ts';
import { expectedLog } from '../../../../daemon/nextflow/logs/log.ts';
import { wantsWeblog } from '../../../../daemon/nextflow/plugin/weblog.ts';
import { detectExecutor } from '../../../../daemon/schedulers/registry.ts';
import { enclosingJob, submitHost } from '../../../../daemon/schedulers/enclosing-job.ts';
import { EscrowError } from '../../../../daemon/errors.ts';
import { hold, textOf, type Target } from '../target.ts';

const NAMES = [
  'NF_ESCROW_HOME',
  'NF_ESCROW_RUNS_DIR',
  'NF_ESCROW_WORKSPACE',
  'NF_ESCROW_IDLE_SECONDS',
  'NF_ESCROW_KEEP_RUNS_DAYS',
  'NF_ESCROW_ON_LOST',
  'NF_ESCROW_HOST_LEASE_SECONDS',
  'NF_ESCROW_NEXTFLOW',
  'HOME',
  'XDG_CONFIG_HOME',
  'XDG_STATE_HOME',
  'XDG_RUNTIME_DIR',
  'PATH',
  'NXF_HOME',
  'NXF_VER',
  'NXF_SECRETS_FILE',
  'NXF_PLUGINS_DIR',
  'NXF_PLUGINS_DEFAULT',
  'NXF_PLUGINS_ALLOWED',
  'NXF_PLUGINS_MODE',
  'NXF_ENABLE_SECRETS',
  'NXF_LOG_FILE',
  'NXF_OFFLINE',
  'SLURM_JOB_ID',
  'SLURM_RESTART_COUNT',
  'PBS_JOBID',
  'LSB_JOBID',
  'JOB_ID',
  'SGE_TASK_ID',
  'RESTARTED',
  'SLURM_SUBMIT_HOST',
];
const value = oneof(
  string({ maxLength: 60 }),
  constantFrom(
    '/tmp',
    '/',
    '.',
    '1',
    '-1',
    '999999999',
    'wait:1',
    'true',
    'false',
    'nf-escrow@1,x',
    '/dev/stdin',
    '12[3].pbs',
    '~',
    'a'.repeat(200),
  ),
);

/** Environment variables of the caller: NAME=VALUE, separated by NUL. */
export const environment: Target = {
  name: 'environment',
  share: 60,
  arbitrary: array(tuple(constantFrom(...NAMES), value), { maxLength: 6 }).map((all) =>
    all.map(([name, text]) => `${name}=${text}`).join('\0'),
  ),
  open: ({ needle, directory }) => {
    const nextflow = join(directory, 'nextflow');
    writeFileSync(nextflow, '#!/bin/sh\n', { mode: 0o700 });
    return {
      run: async (input) => {
        const entries = textOf(input, needle)
          .split('\0')
          .map((entry) => entry.split(/=(.*)/s, 2));
        const env: Record<string, string> = {
          NF_ESCROW_HOME: directory,
          HOME: directory,
          ...Object.fromEntries(entries.map(([name = '', text = '']) => [name, text])),
        };
        const job = enclosingJob(env);
        hold(
          job === undefined || job.restarts === null || Number.isInteger(job.restarts),
          'the number of restarts is an integer',
        );
        const plugins = ownPluginsDirectory({ env, directory });
        hold(
          typeof submitHost(env) === 'string' && plugins.startsWith('/'),
          'the plugins directory is absolute',
        );
        const launch = { nextflow, arguments: ['run', 'x'], directory, state: directory, env };
        whyPluginUnusable(readLauncher(nextflow, env), env);
        wantsWeblog(launch, plugins);
        findLocalStore(env);
        hold(expectedLog(directory, ['run', 'x'], env).startsWith('/'), 'the path of the log is absolute');
        for (const look of [
          () => findNextflow(env['NF_ESCROW_NEXTFLOW'], env),
          () => detectExecutor(env['PATH']),
          () => locatePaths(env),
        ])
          try {
            look();
          } catch (error) {
            if (!(error instanceof EscrowError)) throw error;
          }
        const settings = await loadSettings(env);
        hold(
          Object.entries(settings.paths)
            .filter(([name, path]) => !['notes', 'runtimeUnusable'].includes(name) && path !== undefined)
            .every(([, path]) => String(path).startsWith('/')),
          'all paths are absolute',
        );
        hold(settings.keepRunsDays <= 1e6 && settings.hostLeaseSeconds <= 1e7, 'durations are bounded');
      },
    };
  },
};
