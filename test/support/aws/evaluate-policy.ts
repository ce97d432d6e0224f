import { spawnSync } from 'node:child_process';

/**
 * moto's policy evaluator, extended by condition operators, which moto ignores:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html. A missing
 * key fails a positive operator. It passes a negated operator, an operator with IfExists, and ForAllValues.
 */
const EVALUATOR = `
import fnmatch, json, sys
from moto.iam.access_control import IAMPolicyStatement, PermissionResult
policy, questions = json.load(sys.stdin)
def many(value):
    return value if isinstance(value, list) else [value]
def equals(value, wanted): return value == wanted
def like(value, wanted): return fnmatch.fnmatchcase(value, wanted.replace('[', '[[]'))
OPERATORS = {'StringEquals': equals, 'StringLike': like, 'ArnLike': like, 'StringNotEquals': equals, 'StringNotLike': like}
def matches(operator, key, wanted, context):
    if operator == 'Null': return (key not in context) == (many(wanted) == ['true'])
    qualifier, _, operator = operator.rpartition(':')
    if_exists = operator.endswith('IfExists')
    name = operator[:-len('IfExists')] if if_exists else operator
    negated = 'Not' in name
    same = OPERATORS[name]
    def fits(value):
        return any(same(value, one) for one in many(wanted)) != negated
    if key not in context: return qualifier == 'ForAllValues' or if_exists or negated
    values = many(context[key])
    if qualifier == 'ForAllValues': return all(fits(value) for value in values)
    if qualifier == 'ForAnyValue': return any(fits(value) for value in values)
    if qualifier != '' or len(values) != 1: raise ValueError(operator + ' on ' + key)
    return fits(values[0])
def holds(statement, context):
    return all(matches(operator, key, wanted, context)
               for operator, pairs in statement.get('Condition', {}).items() for key, wanted in pairs.items())
def permitted(q):
    return any(holds(s, q.get('context', {})) and
               IAMPolicyStatement({k: v for k, v in s.items() if k != 'Condition'}).is_action_permitted(q['action'], q['resource'])
               == PermissionResult.PERMITTED for s in policy['Statement'])
json.dump([permitted(q) for q in questions], sys.stdout)
`;

export interface Question {
  readonly action: string;
  readonly resource: string;
  /** Condition keys and the values that AWS would see. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

/** Returns whether a policy allows each action on its resource in its context. */
export function evaluate(policy: object, questions: readonly Question[]): boolean[] {
  const { stdout, status, stderr } = spawnSync(process.env['NF_ESCROW_TEST_MOTO'] ?? '', ['-c', EVALUATOR], {
    input: JSON.stringify([policy, questions]),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as boolean[];
}
