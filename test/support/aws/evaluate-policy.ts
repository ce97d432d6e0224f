import { spawnSync } from 'node:child_process';

/** moto's evaluator of policies, and the conditions that ours have, which it does not look at. */
const EVALUATOR = `
import fnmatch, json, sys
from moto.iam.access_control import IAMPolicyStatement, PermissionResult
policy, questions = json.load(sys.stdin)
def many(value):
    return value if isinstance(value, list) else [value]
def holds(statement, context):
    for operator, pairs in statement.get('Condition', {}).items():
        for key, wanted in pairs.items():
            if key not in context: return False
            if operator == 'StringEquals': ok = context[key] in many(wanted)
            elif operator in ('StringLike', 'ArnLike'): ok = any(fnmatch.fnmatchcase(context[key], one) for one in many(wanted))
            else: raise ValueError(operator)
            if not ok: return False
    return True
def permitted(q):
    return any(holds(s, q.get('context', {})) and
               IAMPolicyStatement({k: v for k, v in s.items() if k != 'Condition'}).is_action_permitted(q['action'], q['resource'])
               == PermissionResult.PERMITTED for s in policy['Statement'])
json.dump([permitted(q) for q in questions], sys.stdout)
`;

export interface Question {
  readonly action: string;
  readonly resource: string;
  /** Condition keys and their values, as AWS would know them. */
  readonly context?: Readonly<Record<string, string>>;
}

/** Whether a policy permits each action on its resource, in its context. */
export function evaluate(policy: object, questions: readonly Question[]): boolean[] {
  const { stdout, status, stderr } = spawnSync(process.env['NF_ESCROW_TEST_MOTO'] ?? '', ['-c', EVALUATOR], {
    input: JSON.stringify([policy, questions]),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as boolean[];
}
