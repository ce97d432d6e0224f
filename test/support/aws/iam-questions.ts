// Converts recorded API calls to IAM authorization questions: action, resource, request tags, and the resource tags at that
// moment.
import type { Question } from './evaluate-policy.ts';
import type { Call } from './strict-aws.ts';
import { ACCOUNT, REGION } from './test-aws.ts';

type Tags = Readonly<Record<string, string>>;
export type Context = NonNullable<Question['context']>;

export const arn = (service: string, resource: string, account = ACCOUNT): string =>
  `arn:aws:${service}:${REGION}:${account}:${resource}`;
export const roleArn = (name: string): string => `arn:aws:iam::${ACCOUNT}:role/${name}`;
export const secret = (name: string, account = ACCOUNT): string =>
  arn('secretsmanager', `secret:${name}-AbCdEf`, account);
export const ask = (action: string, resource: string, context: Context = {}): Question => ({
  ...{ action, resource, context },
});
export const passing = (role: string, service: string): Question =>
  ask('iam:PassRole', role, { 'iam:PassedToService': service });

/** Returns the context of a request that sets tags. */
export function requested(tags: Tags): Context {
  const named = Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value]);
  return { ...(Object.fromEntries(named) as Tags), 'aws:TagKeys': Object.keys(tags) };
}

/** Returns the context of a resource that has tags. */
export function tagged(tags: Tags): Context {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:ResourceTag/${key}`, value]));
}

const DESCRIBES = [
  ...['DescribeComputeEnvironments', 'DescribeJobDefinitions', 'DescribeJobQueues', 'DescribeJobs'],
];

/** Returns the questions in the order of the calls. `definitions` are the tags of existing job definitions, by name. */
export function questionsOf(calls: readonly Call[], definitions: Readonly<Record<string, Tags>>): Question[] {
  const secrets = new Map<string, Tags>();
  const known = new Map(Object.entries(definitions));
  return calls.flatMap((call) => {
    const [service, verb = ''] = call.action.split(':');
    const sent = service === 'iam' ? {} : (JSON.parse(call.body || '{}') as Record<string, unknown>);
    if (service === 'secretsmanager') return onSecret(call.action, sent, secrets);
    if (service === 'scheduler') return onSchedule(call, sent);
    if (service === 'iam') return [ask(call.action, roleArn(/RoleName=([^&]*)/.exec(call.body)?.[1] ?? ''))];
    return onBatch(verb, sent, known);
  });
}

function onSecret(action: string, sent: Record<string, unknown>, secrets: Map<string, Tags>): Question[] {
  const name = textOf(sent, 'Name') || textOf(sent, 'SecretId').replace(/^arn:.*:secret:(.*)-\w{6}$/, '$1');
  if (action.endsWith('ListSecrets')) return [ask(action, '*')];
  const before = tagged(secrets.get(name) ?? {}); // a secret that does not exist has no tags
  const tags = Object.fromEntries(
    ((sent['Tags'] ?? []) as { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, Value]),
  );
  const context = { ...before, ...(sent['Tags'] === undefined ? {} : requested(tags)) };
  if (action.endsWith('DeleteSecret')) secrets.delete(name);
  if (!/(Create|Tag)/.test(action)) return [ask(action, secret(name), context)];
  if (secrets.has(name) || action.endsWith('CreateSecret'))
    secrets.set(name, { ...secrets.get(name), ...tags });
  return [
    ask(action, secret(name), context),
    ...(action.endsWith('CreateSecret') ? [ask('secretsmanager:TagResource', secret(name), context)] : []),
  ];
}

function onSchedule({ action, path }: Call, sent: Record<string, unknown>): Question[] {
  const on = arn('scheduler', `schedule/default/${/^\/schedules\/([^?]*)/.exec(path)?.[1] ?? ''}`);
  const target = sent['Target'] as { RoleArn?: string } | undefined;
  return [
    ask(action, on),
    ...(target === undefined ? [] : [passing(target.RoleArn ?? '', 'scheduler.amazonaws.com')]),
  ];
}

function onBatch(verb: string, sent: Record<string, unknown>, known: Map<string, Tags>): Question[] {
  const nameIn = (text: string): string => /(?:job-definition\/)?([\w-]+):\d+$/.exec(text)?.[1] ?? text;
  switch (verb) {
    case 'registerjobdefinition': {
      const name = textOf(sent, 'jobDefinitionName');
      const on = arn('batch', `job-definition/${name}`);
      const tags = (sent['tags'] ?? {}) as Tags;
      known.set(name, tags);
      const properties = sent['containerProperties'] as { executionRoleArn: string };
      return [
        ask('batch:RegisterJobDefinition', on, requested(tags)),
        ask('batch:TagResource', on, requested(tags)),
        passing(properties.executionRoleArn, 'ecs-tasks.amazonaws.com'),
      ];
    }
    case 'deregisterjobdefinition': {
      const definition = textOf(sent, 'jobDefinition');
      return [ask('batch:DeregisterJobDefinition', definition, tagged(known.get(nameIn(definition)) ?? {}))];
    }
    case 'submitjob':
      return [
        ask('batch:SubmitJob', textOf(sent, 'jobDefinition')),
        ask('batch:SubmitJob', arn('batch', `job-queue/${textOf(sent, 'jobQueue')}`)),
      ];
    case 'terminatejob':
      return [ask('batch:TerminateJob', arn('batch', `job/${textOf(sent, 'jobId')}`))];
    default:
      return [ask(`batch:${DESCRIBES.find((one) => one.toLowerCase() === verb) ?? verb}`, '*')];
  }
}

function textOf(sent: Record<string, unknown>, key: string): string {
  return typeof sent[key] === 'string' ? sent[key] : '';
}
