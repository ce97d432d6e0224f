import { spawnSync } from 'node:child_process';

/** moto's evaluator of policies; a question is answered by any statement that permits it. */
const EVALUATOR = `
import json, sys
from moto.iam.access_control import IAMPolicyStatement, PermissionResult
policy, questions = json.load(sys.stdin)
def permitted(q):
    return any(IAMPolicyStatement({k: v for k, v in s.items() if k != 'Condition'}).is_action_permitted(q['action'], q['resource'])
               == PermissionResult.PERMITTED for s in policy['Statement'])
json.dump([permitted(q) for q in questions], sys.stdout)
`;

export interface Question {
  readonly action: string;
  readonly resource: string;
}

/** Whether a policy permits each action on its resource. Conditions are not looked at. */
export function evaluate(policy: object, questions: readonly Question[]): boolean[] {
  const { stdout, status, stderr } = spawnSync(process.env['NF_ESCROW_TEST_MOTO'] ?? '', ['-c', EVALUATOR], {
    input: JSON.stringify([policy, questions]),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as boolean[];
}
