import type { Client } from '../../api-client/client.ts';
import { settingDefaults } from '../../config/setting-keys.ts';
import type { RunRequest, RunStart, VaultStatus } from '../../contract/types.ts';
import { asEscrowError, errorTable } from '../../errors.ts';
import { findLocalStore } from '../../nextflow/launcher/local-store.ts';
import { count } from '../../system/count.ts';
import { identifySelf } from '../../system/processes/process-identity.ts';
import { failure, ok, type Check } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';
import { currentDirectory } from './current-directory.ts';

type Defaults = Pick<DoctorContext, 'workspace' | 'computeEnvironment'>;

/** The compute environment of a new ledger. */
const LOCAL = 'local';

/**
 * Lets the daemon check what a launch with the default settings needs: the keys of the vault, the workspace and the compute
 * environment. Delivers and records nothing.
 */
export async function checkLaunch(daemon: Client, subject: DoctorContext): Promise<Check[]> {
  return [...(await checkVault(daemon)), ...(await checkPlan(daemon, subject))];
}

async function checkVault(daemon: Client): Promise<Check[]> {
  return attempt('vault', async () => {
    const { state, source } = await daemon.call<VaultStatus>('POST', '/v1/vault/check');
    return state === 'empty' ? 'it contains no secrets' : `its key is available (${source ?? 'no key'})`;
  });
}

async function checkPlan(daemon: Client, subject: DoctorContext): Promise<Check[]> {
  const launchDirectory = currentDirectory();
  if (launchDirectory === undefined) return [];
  return attempt('launch', async () => {
    const { workspace, computeEnvironment, env } = subject;
    const request: RunRequest = {
      ...(workspace === undefined ? {} : { workspace }),
      ...(computeEnvironment === undefined ? {} : { computeEnvironment }),
      selection: {},
      explain: true,
      launchDirectory,
      nextflow: '/usr/bin/true', // a plan does not start it
      arguments: ['run', 'main.nf'],
      localStore: findLocalStore(env),
      launcher: identifySelf(),
    };
    const { plan } = await daemon.call<RunStart>('POST', '/v1/runs', request);
    return `a run in workspace ${plan.workspace} and compute environment ${plan.computeEnvironment} gets ${count(plan.secrets.length, 'secret')}`;
  });
}

/** Returns the failed checks of a launch that creates the ledger, in which only the default objects exist. */
export function checkFirstLaunch({ workspace, computeEnvironment }: Defaults): Check[] {
  const isDefault = workspace === undefined || workspace === settingDefaults.workspace;
  return [
    ...(isDefault
      ? []
      : [failure('launch', `There is no workspace "${workspace}".`, errorTable['workspace-not-found'].hint)]),
    ...(computeEnvironment === undefined || computeEnvironment === LOCAL
      ? []
      : [
          failure(
            'launch',
            `There is no compute environment "${computeEnvironment}".`,
            errorTable['compute-environment-not-found'].hint,
          ),
        ]),
  ];
}

async function attempt(name: string, look: () => Promise<string>): Promise<Check[]> {
  try {
    return [ok(name, await look())];
  } catch (error) {
    const { code, message, hint } = asEscrowError(error);
    // A daemon of an older version does not have the operation. Another check reports its version.
    return code === 'not-found' ? [] : [failure(name, message, hint)];
  }
}
