import type { JobDefinition } from '@aws-sdk/client-batch';
import { asTag } from './tags.ts';
import { GRACE_MS, runOf, type Leftover } from './sweeper.ts';
import type { Sweeper } from '../stores/sweeper.ts';

/** What a job definition is given a secret by: its ARN, and behind it key, stage and version. */
const REFERENCE =
  /^(arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:(\S+)-[A-Za-z0-9]{6})(?::\w*:\w*:[\w-]*)?$/;

interface Reference {
  readonly arn: string;
  readonly run: string;
}

/**
 * Whether a job definition was left. What decides is what it holds, which nobody can change: references to secrets of one
 * run, and none of them can be read any more (`isUsable`: by ARN), so that no job of it can start. Of a run that this ledger
 * does not know, its tags have to say besides that it is this owner's and a day old; on their own they decide nothing.
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
  if (arns.length < references.length) return undefined; // some are not of this run
  const runState = await sweeper.runState(run);
  if (runState === 'open') return undefined;
  const createdAt = Date.parse(tags['nf-escrow:created-at'] ?? '');
  const isOwn = tags['nf-escrow:owner'] === asTag(sweeper.owner) && createdAt + GRACE_MS < sweeper.clock();
  if (runState === 'unknown' && !isOwn) return undefined;
  for (const arn of new Set(arns)) if (await isUsable(arn)) return undefined;
  const why =
    runState === 'over'
      ? 'its run is over, and was thought to have left nothing'
      : 'its secrets are gone or have expired, and the machine that made it has not come back';
  return { kind: 'job-definition', target, run, reason: why, removable: true, removed: false };
}

function readReference(valueFrom: string | undefined): Reference | undefined {
  const [, arn, name = ''] = REFERENCE.exec(valueFrom ?? '') ?? [];
  const run = runOf(name);
  return arn === undefined || run === undefined ? undefined : { arn, run };
}
