import type { ContextEntry } from '@aws-sdk/client-iam';
import { asAwsError, classifyFailure } from '../session/aws-error.ts';
import { sdk } from '../session/sdk.ts';
import type { AwsSession } from '../session/session.ts';
import type { RequiredPermission } from './required-permissions.ts';

/**
 * Returns which of the needs a principal's policies allow, as simulated by AWS; undefined if the simulation is
 * denied.
 */
export async function simulate(
  session: AwsSession,
  principal: string,
  needs: readonly RequiredPermission[],
): Promise<ReadonlySet<RequiredPermission> | undefined> {
  const { SimulatePrincipalPolicyCommand } = await sdk('@aws-sdk/client-iam');
  const iam = await session.iam();
  try {
    const permitted = new Set<RequiredPermission>();
    for (const need of needs) {
      const { EvaluationResults } = await iam.send(
        new SimulatePrincipalPolicyCommand({
          PolicySourceArn: principal,
          ActionNames: [need.action],
          ResourceArns: [need.resource],
          ContextEntries: Object.entries(need.context).map(entryOf),
        }),
      );
      if (EvaluationResults?.[0]?.EvalDecision === 'allowed') permitted.add(need);
    }
    return permitted;
  } catch (error) {
    if (['denied', 'refused', 'not-found', 'unanswered'].includes(classifyFailure(error))) return undefined;
    throw asAwsError(`Cannot simulate the policies of ${principal}`, session.access, error);
  } finally {
    iam.destroy();
  }
}

function entryOf([key, value]: [string, string | readonly string[]]): ContextEntry {
  return typeof value === 'string'
    ? { ContextKeyName: key, ContextKeyType: 'string', ContextKeyValues: [value] }
    : { ContextKeyName: key, ContextKeyType: 'stringList', ContextKeyValues: [...value] };
}
