// Many runs with random faults. No secret and no job definition may be left. NF_ESCROW_TEST_RUNS sets the number of runs.
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { openSession } from '../../../daemon/aws/session/session.ts';
import { accessOf } from '../../../daemon/aws/session/access.ts';
import { ProvidedCredentials } from '../../../daemon/aws/session/credentials.ts';
import type { SecretDelivery } from '../../../daemon/contract/types.ts';
import { AwsSecretsManager } from '../../../daemon/stores/aws/secrets-manager.ts';
import { awsWaits } from '../../../daemon/stores/aws/waits.ts';
import { BatchJobDefinitions } from '../../../daemon/stores/aws/job-definitions.ts';
import type { LeaseLocation, LeaseRemover } from '../../../daemon/stores/store.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';
import { active } from '../../support/aws/batch.ts';
import type { Rules } from '../../support/aws/rules.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import { environmentOf, REGION, settingsFor, startAws } from '../../support/aws/test-aws.ts';
import { until } from '../../support/sandbox.ts';

const RUNS = Number(process.env['NF_ESCROW_TEST_RUNS'] ?? 30);
const secretDelivery: SecretDelivery = {
  plugin: '1.0.0',
  reason: null,
  configPhase: false,
  environment: {},
  restore: {},
};

const CREATE = 'secretsmanager:CreateSecret';
const REGISTER = 'batch:registerjobdefinition';

/** Faults; each changes the rules of the fake AWS. */
const faults: readonly ((rules: Rules) => void)[] = [
  () => undefined,
  (rules) => {
    rules.lossy = randomInt(3) === 0 ? REGISTER : CREATE;
    rules.losing += randomInt(1, 4);
  },
  (rules) => {
    rules.lossy = randomInt(3) === 0 ? REGISTER : CREATE;
    rules.holding.push(randomInt(50, 600), randomInt(50, 600));
  },
  (rules) => (rules.failing += randomInt(1, 6)),
  (rules) => {
    rules.down = true;
    setTimeout(() => (rules.down = false), randomInt(20, 200));
  },
  (rules) => (rules.deletionMs = randomInt(0, 300)),
  (rules) => (rules.blindMs = randomInt(0, 200)),
  (rules) => (rules.perSecond = randomInt(0, 3) * 20),
];

void t.test(`leaves nothing behind after ${String(RUNS)} runs with random faults`, async (t) => {
  const aws = await startAws(t);
  if (aws === undefined) return;
  let ahead = 0;
  const clock = {
    now: () => Date.now() + ahead,
    monotonic: () => performance.now() + ahead,
    sleep: async (ms: number) => sleep(Math.min(ms, 50)),
  };
  // New stores remove the objects, like a new daemon without the observations of the killed one.
  const newStore = (): AwsSecretsManager =>
    new AwsSecretsManager({
      openSession,
      provided: new ProvidedCredentials(),
      owner: 'ada',
      clock,
      waits: { ...awsWaits, placing: 400, asking: 300, deleting: 500 },
    });
  const settings = settingsFor(aws);
  const environment = environmentOf(settings);
  const newDefinitions = (): BatchJobDefinitions =>
    new BatchJobDefinitions({ openSession, provided: new ProvidedCredentials(), clock });
  const open = new Map<string, LeaseLocation>();
  const openDefinitions = new Map<string, LeaseLocation>();
  let [placed, registered] = [0, 0];
  for (let index = 0; index < RUNS; index += 1) {
    const store = newStore();
    const secrets = new Map([['FOO_KEY', new SecretValue(Buffer.from('x'))]]);
    const wanted = { run: `r${String(index)}`, workspace: 'lab/rna', environment, secretDelivery, secrets };
    const [part] = store.split(wanted);
    if (part === undefined) throw new Error('split returned no bundle');
    const place: { sentAt: string | null } & LeaseLocation = {
      target: part.target,
      locator: JSON.stringify(accessOf(settings)),
      sentAt: null,
    };
    const noteSent = async (at: number | null): Promise<void> => {
      place.sentAt = at === null ? null : new Date(at).toISOString();
    };
    open.set(part.target, place);
    faults[randomInt(faults.length)]?.(aws.rules);
    const rest = { ledger: 'l1', expiresAt: new Date().toISOString(), references: new Map(), files: {} };
    await store.place({ ...wanted, ...part, ...place, ...rest, noteSent }).then(
      () => (placed += 1),
      () => undefined,
    );
    faults[randomInt(faults.length)]?.(aws.rules);
    const definition = `nf-${wanted.run}`;
    const { region, account } = accessOf(settings);
    // Like the plugin: records the intent first, and the answer if there is one.
    const its: { sentAt: string | null } & LeaseLocation = {
      target: `arn:aws:batch:${region}:${account}:job-definition/${definition}`,
      locator: JSON.stringify({ ...accessOf(settings), run: wanted.run }),
      sentAt: new Date().toISOString(),
    };
    openDefinitions.set(its.target, its);
    await register(aws, definition, wanted.run).then(
      () => {
        registered += 1;
        its.sentAt = null;
      },
      () => undefined,
    );
    if (randomInt(2) === 0) await attempt(newDefinitions(), openDefinitions, its.target);
    // The daemon that created them removes some; another daemon removes the rest.
    if (randomInt(2) === 0) await attempt(store, open, part.target);
  }
  await aws.quiet();
  Object.assign(aws.rules, { down: false, failing: 0, losing: 0, perSecond: 0, blindMs: 0, deletionMs: 0 });
  aws.rules.holding.length = 0;
  await until('AWS shows all secrets', () => aws.showsAll);
  ahead += awsWaits.late;
  const last = newStore();
  const lastDefinitions = newDefinitions();
  for (const target of [...openDefinitions.keys()]) await attempt(lastDefinitions, openDefinitions, target);
  for (const target of [...open.keys()]) await attempt(last, open, target);
  ahead += awsWaits.apart + 1000;
  for (const target of [...openDefinitions.keys()]) await attempt(lastDefinitions, openDefinitions, target);
  for (const target of [...open.keys()]) await attempt(last, open, target);
  t.same([...open.keys(), ...openDefinitions.keys()], [], 'every lease was found absent');
  t.same(await aws.secrets(), [], 'no secret exists');
  t.same(await active(aws), [], 'no job definition is active');
  t.comment(
    `${String(placed)} of ${String(RUNS)} secrets created, the others failed; ${String(registered)} registrations of job definitions answered`,
  );
});

/** Registers a job definition like Nextflow, with the retries of the SDK. */
async function register(aws: StrictAws, jobDefinitionName: string, run: string): Promise<void> {
  const { BatchClient, RegisterJobDefinitionCommand } = await import('@aws-sdk/client-batch');
  const batch = new BatchClient({ region: REGION, endpoint: aws.endpoint, maxAttempts: 2 });
  const containerProperties = { image: 'debian:12', vcpus: 1, memory: 128 };
  const tags = { 'nf-escrow:run': run };
  try {
    await batch.send(
      new RegisterJobDefinitionCommand({ jobDefinitionName, type: 'container', containerProperties, tags }),
    );
  } finally {
    batch.destroy();
  }
}

async function attempt(store: LeaseRemover, open: Map<string, LeaseLocation>, target: string): Promise<void> {
  const place = open.get(target);
  if (place === undefined) return;
  try {
    await store.remove(place);
    if ((await store.inspect(place)).state === 'absent') open.delete(target);
  } catch {
    return; // retried later, as a daemon does
  }
}
