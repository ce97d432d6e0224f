import { randomBytes } from 'node:crypto';
import { accessOf } from '../../aws/session/access.ts';
import type { OpenSession } from '../../aws/session/session.ts';
import { runProbeJob } from '../../aws/batch/probe-job.ts';
import type { ComputeEnvironment } from '../../contract/types.ts';
import { asEscrowError } from '../../errors.ts';
import type { Runs } from '../../runs/runs.ts';
import { awsSettingsOf } from '../../stores/aws/settings.ts';
import { SecretValue } from '../../vault/secret-value.ts';
import { failure, ok, warning, type Check } from '../check.ts';
import { judgeBatchProbe } from './judge-batch-probe.ts';

const SECRET = 'NF_ESCROW_PROBE';
/** Small, public without sign-in, and contains sh and sha256sum. */
const IMAGE = 'public.ecr.aws/docker/library/busybox:stable';

/** Limits of the wait for the probe job. */
export interface BatchProbeLimits {
  readonly limitMs: number;
  /** Ends the wait. Secret and job definition are still removed. */
  readonly signal: AbortSignal;
}

/**
 * Delivers a random secret as for a run, lets a job on AWS Batch compare its SHA-256, and removes secret and job
 * definition. Runs in the daemon, whose ledger records these objects, so that the next daemon removes them if this
 * one is killed. Only this probe verifies endpoints, agent version, roles and key policy. Never throws.
 */
export async function probeOnBatch(
  runs: Runs,
  open: OpenSession,
  environment: ComputeEnvironment,
  { limitMs, signal }: BatchProbeLimits,
): Promise<Check[]> {
  const settings = awsSettingsOf(environment);
  // Includes characters that a shell, JSON or a line-based reader would change.
  const value = Buffer.from(`ü"\n$\`\\ ${randomBytes(32).toString('hex')}`);
  const started = performance.now();
  try {
    const session = await open(accessOf(settings));
    const { result, left } = await runs.probe(
      environment,
      new Map([[SECRET, new SecretValue(value)]]),
      async ({
        id,
        references,
        ownership: whose,
        recordDefinition: noteDefinition,
        recordJob: noteJob,
        recordJobEnd: noteJobOver,
      }) =>
        runProbeJob(session, settings, {
          ...{ run: id, ownership: whose, image: settings.probeImage ?? IMAGE, limitMs, signal },
          secret: { name: SECRET, reference: references.get(SECRET) ?? '', value },
          record: { definition: noteDefinition, job: noteJob, jobOver: noteJobOver },
        }),
    );
    const removal =
      left.length === 0
        ? ok('probe removed', 'secret and job definition are deleted, and their absence is verified')
        : warning(
            'probe removed',
            `removal pending: ${left.map(({ target, lastError }) => `${target} (${lastError ?? 'waiting'})`).join(', ')}`,
            'The daemon retries the removal. Run nf-escrow status to see whether it has succeeded.',
          );
    return [judgeBatchProbe(result, settings, performance.now() - started), removal];
  } catch (error) {
    const { message, hint } = asEscrowError(error);
    return [failure('probe', message, hint)];
  }
}
