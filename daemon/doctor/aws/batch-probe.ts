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
/** Small, public without signing in, and with sh and sha256sum. */
const IMAGE = 'public.ecr.aws/docker/library/busybox:stable';

/** How long it may take. */
export interface BatchProbeLimits {
  readonly limitMs: number;
  /** Ends the waiting; what was placed is removed all the same. */
  readonly signal: AbortSignal;
}

/**
 * In the daemon, whose ledger keeps what is placed: a random secret is placed as those of a run are, a job on AWS Batch
 * compares its SHA-256, and secret and job definition are taken back; a daemon that is killed meanwhile leaves that to the
 * next one. It is the only proof of endpoints, agent version, roles and key policy. Never throws.
 */
export async function probeOnBatch(
  runs: Runs,
  open: OpenSession,
  environment: ComputeEnvironment,
  { limitMs, signal }: BatchProbeLimits,
): Promise<Check[]> {
  const settings = awsSettingsOf(environment);
  // What a shell, JSON or a line-wise reader would change is in it too.
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
        ? ok('probe removed', 'its secret and its job definition are gone, and were looked for')
        : warning(
            'probe removed',
            `not yet: ${left.map(({ target, lastError }) => `${target} (${lastError ?? 'waits'})`).join(', ')}`,
            'It is tried again by itself: nf-escrow status',
          );
    return [judgeBatchProbe(result, settings, performance.now() - started), removal];
  } catch (error) {
    const { message, hint } = asEscrowError(error);
    return [failure('probe', message, hint)];
  }
}
