import type { JobDefinition } from '@aws-sdk/client-batch';
import { asTag } from './tags.ts';
import { GRACE_MS, runOf, type Leftover } from './sweeper.ts';
import type { Sweeper } from '../stores/sweeper.ts';

/** A reference to a secret in a job definition: the ARN, then optionally JSON key, stage and version. */
const REFERENCE =
  /^(arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:(\S+)-[A-Za-z0-9]{6})(?::\w*:\w*:[\w-]*)?$/;

interface Reference {
  readonly arn: string;
  readonly run: string;
}

/**
 * Decides whether a job definition is a leftover. Its content decides, because nobody can change it: all references
 * point to secrets of one run, and none of these secrets is readable (`isUsable`, by ARN), so no job of the
 * definition can start. If this ledger does not know the run, the tags must also name this owner and a creation time
 * more than a day ago. Tags alone never decide.
 */
export async function judgeDefinition(
  { jobDefinitionArn: target, containerProperties, tags = {} }: JobDefinition,
  sweeper: Sweeper,
  isUsable: (arn: string) => Promise<boolean>,
): Promise<Leftover | undefined> {
  const references = (containerProperties?.secrets ?? []).map(({ valueFrom }) => readReference(valueFrom));
  const [first] = references;
  if (first === undefined || target === undefined) return undefined;
  const { run } = first;
  const arns = references.flatMap((reference) => (reference?.run === run ? reference.arn : []));
  if (arns.length < references.length) return undefined; // some references belong to another run
  const runState = await sweeper.runState(run);
  if (runState === 'open') return undefined;
  const createdAt = Date.parse(tags['nf-escrow:created-at'] ?? '');
  const isOwn = tags['nf-escrow:owner'] === asTag(sweeper.owner) && createdAt + GRACE_MS < sweeper.clock();
  if (runState === 'unknown' && !isOwn) return undefined;
  for (const arn of new Set(arns)) if (await isUsable(arn)) return undefined;
  const reason =
    runState === 'over'
      ? 'its run is purged, yet the definition is still active'
      : 'its secrets are deleted or expired, and its machine has not removed it';
  return { kind: 'job-definition', target, run, reason, removable: true, removed: false };
}

function readReference(valueFrom: string | undefined): Reference | undefined {
  const [, arn, name = ''] = REFERENCE.exec(valueFrom ?? '') ?? [];
  const run = runOf(name);
  return arn === undefined || run === undefined ? undefined : { arn, run };
}
