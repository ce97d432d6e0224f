import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobDefinition } from '@aws-sdk/client-batch';
import type { Test } from 'tap';
import type { StrictAws } from './strict-aws.ts';

interface Submission {
  readonly jobName: string;
  readonly jobQueue: string;
  readonly jobDefinition: string;
  readonly containerOverrides?: {
    readonly command?: string[];
    readonly environment?: { name: string; value: string }[];
  };
  /** Number of jobs in a job array. */
  readonly arrayProperties?: { readonly size?: number };
}

interface Job extends Submission {
  readonly jobId: string;
  readonly createdAt: number;
  status: 'SUBMITTED' | 'RUNNABLE' | 'STARTING' | 'RUNNING' | 'SUCCEEDED' | 'FAILED';
  statusReason?: string;
  startedAt?: number;
  stoppedAt?: number;
  container: { exitCode?: number; reason?: string };
}

const REGION = 'eu-west-1';
const ACCOUNT = '123456789012';

/** As DescribeJobs has it: with the definition's ARN, and the command that is run. */
function describe(job: Job | undefined): object[] {
  if (job === undefined) return [];
  const { jobDefinition, containerOverrides: { command } = {}, container } = job;
  const arn = `arn:aws:batch:${REGION}:${ACCOUNT}:job-definition/${jobDefinition.split('/').at(-1) ?? ''}`;
  return [{ ...job, jobDefinition: arn, container: { ...(command && { command }), ...container } }];
}

/**
 * A fake of the ECS agent behind AWS Batch. Accepts submitted jobs, resolves their `secrets` like the agent
 * (execution role, full ARN, JSON key, SecretString), and runs their commands as local processes in a clean
 * environment.
 */
export class BatchAgent {
  readonly jobs = new Map<string, Job>();
  /** Whether newly submitted jobs wait for an instance forever. */
  starved = false;
  /** Error message with which the next containers fail to start. */
  fault: string | undefined;
  /** Changes each value that the agent delivers; undefined omits the variable. */
  transform: (value: string) => string | undefined = (value) => value;
  readonly #aws: StrictAws;
  readonly #running = new Map<string, ChildProcess>();
  readonly #directory = mkdtempSync('/tmp/nfe-agent-');

  private constructor(aws: StrictAws) {
    this.#aws = aws;
  }

  static behind(t: Test, aws: StrictAws): BatchAgent {
    const agent = new BatchAgent(aws);
    aws.batch = (action, body) => agent.#answer(action, body);
    t.teardown(() => {
      for (const id of agent.#running.keys()) agent.#kill(id);
      rmSync(agent.#directory, { recursive: true, force: true });
    });
    return agent;
  }

  /** Ends a running job like a spot interruption. */
  interrupt(id: string): void {
    const job = this.jobs.get(id);
    if (job !== undefined) job.statusReason = 'Host EC2 (instance i-0123456789abcdef0) terminated.';
    this.#kill(id);
  }

  async #answer(action: string, body: string): Promise<object | undefined> {
    const asked = JSON.parse(body === '' ? '{}' : body) as Submission & { jobs?: string[]; jobId?: string };
    switch (action) {
      case 'submitjob':
        return this.#submit(asked);
      case 'describejobs':
        return { jobs: (asked.jobs ?? []).flatMap((id) => describe(this.jobs.get(id))) };
      case 'terminatejob':
        this.#terminate(asked.jobId ?? '');
        return {};
      default:
        return undefined; // moto answers
    }
  }

  /** Starts a job, or each job of an array with its index. */
  #submit({ arrayProperties, ...submission }: Submission): object {
    const jobId = randomUUID();
    const { jobName } = submission;
    if (arrayProperties?.size === undefined) this.#start(jobId, submission);
    for (let index = 0; index < (arrayProperties?.size ?? 0); index += 1) {
      const { command, environment = [] } = submission.containerOverrides ?? {};
      const own = { name: 'AWS_BATCH_JOB_ARRAY_INDEX', value: String(index) };
      this.#start(`${jobId}:${String(index)}`, {
        ...submission,
        containerOverrides: {
          ...(command === undefined ? {} : { command }),
          environment: [...environment, own],
        },
      });
    }
    return { jobId, jobName, jobArn: `arn:aws:batch:${REGION}:${ACCOUNT}:job/${jobId}` };
  }

  #start(jobId: string, { jobName, jobQueue, jobDefinition, containerOverrides = {} }: Submission): void {
    const job: Job = {
      ...{ jobId, jobName, jobQueue, jobDefinition, containerOverrides, createdAt: Date.now() },
      ...{ status: 'SUBMITTED' as const, container: {} },
    };
    this.jobs.set(jobId, job);
    this.#run(job).catch((error: unknown) => {
      this.#end(job, undefined, `ResourceInitializationError: ${String(error)}`);
    });
  }

  /** Ends a job. A waiting job has no process. */
  #terminate(id: string): void {
    const job = this.jobs.get(id);
    if (job?.status === 'RUNNABLE') this.#end(job, undefined, 'terminated');
    this.#kill(id);
  }

  async #run(job: Job): Promise<void> {
    if (this.starved) {
      job.status = 'RUNNABLE';
      return;
    }
    job.status = 'STARTING';
    const definition = await this.#definition(job.jobDefinition);
    if (this.fault !== undefined) {
      this.#end(job, undefined, this.fault);
      return;
    }
    const secrets = await this.#secretsOf(definition);
    const { command = definition.containerProperties?.command ?? [], environment = [] } =
      job.containerOverrides ?? {};
    await sleep(10);
    const [program = 'true', ...args] = command;
    const env = {
      ...{ PATH: process.env['PATH'], HOME: this.#directory, AWS_ENDPOINT_URL: this.#aws.endpoint },
      ...{ AWS_ACCESS_KEY_ID: 'AKIDTEST', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: REGION },
      ...{ AWS_DEFAULT_REGION: REGION, AWS_EC2_METADATA_DISABLED: 'true' },
      ...Object.fromEntries(environment.map(({ name, value }) => [name, value])),
      ...secrets,
    };
    const cwd = mkdtempSync(`${this.#directory}/job-`);
    const child = spawn(program, args, { cwd, env, detached: true, stdio: 'ignore' });
    this.#running.set(job.jobId, child);
    Object.assign(job, { status: 'RUNNING', startedAt: Date.now() });
    const code = await new Promise<number | null>((resolve, reject) =>
      child.on('error', reject).on('exit', resolve),
    );
    this.#running.delete(job.jobId);
    this.#end(job, code ?? undefined, undefined);
  }

  #end(job: Job, exitCode: number | undefined, reason: string | undefined): void {
    job.status = exitCode === 0 ? 'SUCCEEDED' : 'FAILED';
    job.stoppedAt = Date.now();
    job.statusReason ??= reason ?? 'Essential container in task exited';
    job.container = {
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(reason === undefined ? {} : { reason }),
    };
  }

  async #definition(name: string): Promise<JobDefinition> {
    const { BatchClient, DescribeJobDefinitionsCommand } = await import('@aws-sdk/client-batch');
    const batch = new BatchClient({ region: REGION, endpoint: this.#aws.bare });
    const [jobDefinitionName = '', revision] = (name.split('/').at(-1) ?? '').split(':'); // a name or an ARN
    const { jobDefinitions } = await batch.send(new DescribeJobDefinitionsCommand({ jobDefinitionName }));
    batch.destroy();
    const found = jobDefinitions?.find((one) => String(one.revision) === revision);
    if (found === undefined) throw new Error(`no job definition ${name}`);
    return found;
  }

  async #secretsOf({ containerProperties }: JobDefinition): Promise<Record<string, string>> {
    const secrets = containerProperties?.secrets ?? [];
    if (secrets.length > 0 && containerProperties?.executionRoleArn === undefined)
      throw new Error('an execution role is required for secrets');
    const resolved: Record<string, string> = {};
    for (const { name = '', valueFrom = '' } of secrets) {
      const parts = valueFrom.split(':');
      if (parts.length < 7 || !/-[A-Za-z0-9]{6}$/.test(parts[6] ?? ''))
        throw new Error(`${name} needs a full ARN`);
      const { SecretsManagerClient, GetSecretValueCommand } = await import('@aws-sdk/client-secrets-manager');
      const client = new SecretsManagerClient({ region: REGION, endpoint: this.#aws.endpoint });
      const SecretId = parts.slice(0, 7).join(':');
      const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId }));
      client.destroy();
      const key = parts[7] ?? '';
      const value = key === '' ? SecretString : (JSON.parse(SecretString) as Record<string, string>)[key];
      if (value === undefined) throw new Error(`${name}: no key ${key} in the secret`);
      const given = this.transform(value);
      if (given !== undefined) resolved[name] = given;
    }
    return resolved;
  }

  #kill(id: string): void {
    const pid = this.#running.get(id)?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      return; // the process has just ended
    }
  }
}
