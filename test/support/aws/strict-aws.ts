import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { listenOnLoopback } from '../listen-on-loopback.ts';
import { startMoto } from './moto.ts';
import { checkCreate, noRules, Refusal, type Rules } from './rules.ts';

/** A recorded API call. */
export interface Call {
  /** IAM action, as SERVICE:Action. */
  readonly action: string;
  readonly region: string;
  readonly accessKey: string;
  readonly at: number;
  /** The time in the signature. */
  readonly signedAt: number;
  readonly path: string;
  /** Request body; empty for S3. */
  readonly body: string;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
}

/** What happens to a call: its answer is lost, or it is carried out after a delay in milliseconds and never answered. */
export type Fate = 'lost' | number | undefined;

/** Observes calls and decides on them. Every call of the observer is awaited. */
export interface AwsObserver {
  /** A call that no rule refuses has arrived. */
  arrived?(call: Call): Promise<Fate>;
  /** A call was carried out. */
  carriedOut?(call: Call, status: number): void;
  /** A call was refused with an error code of AWS. */
  refused?(call: Call, code: string): void;
}

/** A proxy in front of moto that adds behavior of AWS that moto lacks (rules.ts). */
export class StrictAws {
  readonly rules: Rules = noRules();
  readonly calls: Call[] = [];
  /** Answers calls to AWS Batch in place of moto. moto answers if it returns undefined. */
  batch: ((action: string, body: string) => Promise<object | undefined>) | undefined;
  observer: AwsObserver = {};
  readonly #moto: string;
  #endpoint = '';
  /** Until when a new secret is invisible, and until when a deletion is in progress, by name. */
  readonly #newUntil = new Map<string, number>();
  readonly #deleting = new Map<string, number>();
  readonly #writes: number[] = [];
  /** When the values of secrets were last read, by name. */
  readonly #readAt = new Map<string, number>();
  readonly #late = new Set<Promise<unknown>>();

  private constructor(moto: string) {
    this.#moto = moto;
  }

  /** Starts moto and the proxy. Without moto, skips the test and returns undefined. */
  static async start(t: Test): Promise<StrictAws | undefined> {
    const moto = await startMoto(t);
    if (moto === undefined) return undefined;
    const aws = new StrictAws(moto);
    const server = createServer((incoming, response) => {
      aws.#serve(incoming, response).catch(() => incoming.socket.destroy());
    });
    aws.#endpoint = `http://127.0.0.1:${String(await listenOnLoopback(server))}`;
    t.teardown(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await Promise.allSettled(aws.#late);
    });
    return aws;
  }

  get endpoint(): string {
    return this.#endpoint;
  }

  /** Returns the address of moto itself, where the rules do not apply. */
  get bare(): string {
    return this.#moto;
  }

  /** Returns the number of calls of each action. */
  get counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { action } of this.calls) counts[action] = (counts[action] ?? 0) + 1;
    return counts;
  }

  /** Waits for delayed creates and background deletions. */
  async quiet(): Promise<void> {
    while (this.#late.size > 0) await Promise.allSettled(this.#late);
  }

  /** Whether the time is over in which AWS does not show new secrets (`blindMs`). */
  get showsAll(): boolean {
    return [...this.#newUntil.values()].every((time) => time <= Date.now());
  }

  /** Resets rules, recorded calls and all objects. */
  async reset(): Promise<void> {
    await this.quiet();
    Object.assign(this.rules, noRules());
    this.calls.length = 0;
    this.batch = undefined;
    this.observer = {};
    this.#newUntil.clear();
    this.#deleting.clear();
    this.#readAt.clear();
    await fetch(`${this.#moto}/moto-api/reset`, { method: 'POST' });
  }

  /** Returns the names of the existing secrets. */
  async secrets(region = 'eu-west-1'): Promise<string[]> {
    const answer = await this.#forward({
      method: 'POST',
      path: '/',
      headers: {
        'x-amz-target': 'secretsmanager.ListSecrets',
        'content-type': 'application/x-amz-json-1.1',
        authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${region}/secretsmanager/aws4_request`,
      },
      body: Buffer.from('{"MaxResults":100}'),
    });
    const { SecretList } = JSON.parse(answer.body.toString()) as { SecretList: { Name: string }[] };
    return SecretList.map(({ Name }) => Name).sort();
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const sent = {
      method: incoming.method ?? '',
      path: incoming.url ?? '/',
      headers: { ...incoming.headers },
      body: Buffer.concat(chunks),
    };
    if (this.rules.down) {
      incoming.socket.destroy();
      return;
    }
    const call = readCall(sent);
    this.calls.push(call);
    await sleep(this.rules.latencyMs);
    let answer: Answer;
    try {
      this.#refuse(call, sent.headers['x-amz-date']);
      const fate = (await this.observer.arrived?.(call)) ?? this.#fateOf(call);
      if (typeof fate === 'number') {
        incoming.socket.destroy();
        this.#later(sleep(fate).then(() => this.#carryOutObserved(call, sent)));
        return;
      }
      answer = await this.#carryOutObserved(call, sent);
      if (fate === 'lost') {
        incoming.socket.destroy();
        return;
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.observer.refused?.(call, error.code);
      answer = wordError(call, error);
    }
    const date = new Date(Date.now() + this.rules.clockOffsetMs).toUTCString();
    const headers: Record<string, string | string[]> = { ...plainHeaders(answer.headers), date };
    const length = answer.headers['content-length'];
    if (sent.method === 'HEAD' && length !== undefined) headers['content-length'] = length; // the length of the GET response
    response.writeHead(answer.status, headers).end(answer.body);
  }

  #refuse({ action, accessKey }: Call, date: string | string[] | undefined): void {
    const { rules } = this;
    if (rules.failing > 0) {
      rules.failing -= 1;
      throw new Refusal('InternalServiceError', 'An error occurred on the server side.', 500);
    }
    if (rules.throttling > 0) {
      rules.throttling -= 1;
      throw new Refusal('ThrottlingException', 'Rate exceeded');
    }
    if (rules.known?.has(accessKey) === false)
      throw new Refusal(
        'UnrecognizedClientException',
        'The security token included in the request is invalid.',
      );
    if (rules.expired.has(accessKey))
      throw new Refusal('ExpiredTokenException', 'The security token included in the request is expired');
    if (
      typeof date === 'string' &&
      Math.abs(millis(date) - (Date.now() + rules.clockOffsetMs)) > rules.signatureMs
    )
      throw new Refusal('InvalidSignatureException', `Signature expired: ${date} is now too early or late`);
    if (rules.denied.has(action) || rules.deniedTo.get(accessKey) === action.split(':')[0])
      throw new Refusal(
        'AccessDeniedException',
        `User: arn:aws:sts::1:x is not authorized to perform: ${action}`,
      );
    if (rules.perSecond > 0 && /:(Create|Delete)Secret$/.test(action)) {
      const now = Date.now();
      while ((this.#writes[0] ?? now) < now - 1000) this.#writes.shift();
      if (this.#writes.length >= rules.perSecond) throw new Refusal('ThrottlingException', 'Rate exceeded');
      this.#writes.push(now);
    }
  }

  #fateOf({ action }: Call): Fate {
    const { rules } = this;
    if (action !== rules.lossy) return undefined;
    const held = rules.holding.shift();
    if (held !== undefined) return held;
    if (rules.losing === 0) return undefined;
    rules.losing -= 1;
    return 'lost';
  }

  async #carryOutObserved(call: Call, sent: Sent): Promise<Answer> {
    const answer = await this.#carryOut(call, sent);
    this.observer.carriedOut?.(call, answer.status);
    return answer;
  }

  async #carryOut(call: Call, sent: Sent): Promise<Answer> {
    if (call.action.startsWith('batch:')) {
      const answer = await this.batch?.(call.action.slice('batch:'.length), call.body);
      if (answer !== undefined)
        return { ...json(200, answer), headers: { 'content-type': 'application/json' } };
    }
    if (/^kms:(Decrypt|GenerateDataKey)$/.test(call.action)) await this.#assertKeyUsable(sent);
    if (!call.action.startsWith('secretsmanager:')) return patched(await this.#forward(sent), call);
    const wanted = JSON.parse(call.body) as {
      Name?: string;
      SecretId?: string;
      ForceDeleteWithoutRecovery?: true;
    };
    const name = nameOf(wanted.Name ?? wanted.SecretId ?? '');
    const now = Date.now();
    const deletingUntil = this.#deleting.get(name);
    const underway = deletingUntil !== undefined && deletingUntil > now;
    const unseen = (this.#newUntil.get(name) ?? 0) > now;
    switch (call.action) {
      case 'secretsmanager:CreateSecret': {
        checkCreate(wanted);
        if (underway)
          throw new Refusal(
            'InvalidRequestException',
            "You can't create this secret because a secret with this name is already scheduled for deletion.",
          );
        this.#newUntil.set(name, Date.now() + this.rules.blindMs);
        return patched(await this.#forward(sent), call);
      }
      case 'secretsmanager:DeleteSecret': {
        if (unseen || underway) return deletionAnswer(name);
        if (this.rules.deletionMs === 0) return patched(await this.#forward(sent), call);
        this.#deleting.set(name, now + this.rules.deletionMs);
        this.#later(sleep(this.rules.deletionMs).then(() => this.#forward(sent)));
        return deletionAnswer(name);
      }
      case 'secretsmanager:DescribeSecret':
      case 'secretsmanager:GetSecretValue': {
        if (unseen) throw notFound();
        if (underway && call.action.endsWith('GetSecretValue'))
          throw new Refusal('InvalidRequestException', 'The secret was marked for deletion.');
        const answer = patched(await this.#forward(sent), call);
        if (answer.status !== 200) return answer;
        if (call.action.endsWith('GetSecretValue')) {
          this.#readAt.set(name, now);
          return answer;
        }
        const described = json(200, this.#dated(JSON.parse(answer.body.toString()) as Dated));
        return underway ? marked(described, deletingUntil) : described;
      }
      case 'secretsmanager:ListSecrets':
        return this.#withoutNew(await this.#forward(sent));
      default:
        return patched(await this.#forward(sent), call);
    }
  }

  /** moto uses a key in any state. */
  async #assertKeyUsable({ headers, body, ...sent }: Sent): Promise<void> {
    const { KeyId } = JSON.parse(body.toString()) as { KeyId?: string };
    const { body: answer } = await this.#forward({
      ...{ ...sent, headers: { ...headers, 'x-amz-target': 'TrentService.DescribeKey' } },
      body: Buffer.from(JSON.stringify({ KeyId })),
    });
    const { KeyMetadata } = JSON.parse(answer.toString()) as {
      KeyMetadata?: { Arn: string; KeyState: string };
    };
    if (KeyMetadata?.KeyState === 'Disabled')
      throw new Refusal('DisabledException', `${KeyMetadata.Arn} is disabled.`);
    if (KeyMetadata?.KeyState === 'PendingDeletion')
      throw new Refusal('KMSInvalidStateException', `${KeyMetadata.Arn} is pending deletion.`);
  }

  /** Lists are eventually consistent too. */
  #withoutNew(answer: Answer): Answer {
    const listed = JSON.parse(answer.body.toString()) as { SecretList?: { Name: string }[] };
    const seen = (listed.SecretList ?? []).filter(
      ({ Name }) => (this.#newUntil.get(Name) ?? 0) <= Date.now(),
    );
    return json(answer.status, { ...listed, SecretList: seen.map((one) => this.#dated(one)) });
  }

  /** Adds times that moto lacks. AWS reports the last access to the day. */
  #dated<T extends Dated>(secret: T): T {
    const read = this.#readAt.get(secret.Name);
    const dates = {
      ...(secret.CreatedDate === undefined
        ? {}
        : { CreatedDate: secret.CreatedDate - this.rules.ageMs / 1000 }),
      ...(read === undefined ? {} : { LastAccessedDate: Math.floor(read / 86_400_000) * 86_400 }),
    };
    return { ...secret, ...dates };
  }

  #later(work: Promise<unknown>): void {
    const kept: Promise<unknown> = work.catch(() => undefined).finally(() => this.#late.delete(kept));
    this.#late.add(kept);
  }

  #forward({ method, path, headers, body }: Sent): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        `${this.#moto}${path}`,
        { method, headers: plainHeaders(headers) },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', reject).on('end', () => {
            resolve({
              status: incoming.statusCode ?? 500,
              headers: incoming.headers,
              body: Buffer.concat(chunks),
            });
          });
        },
      );
      outgoing.on('error', reject).end(body);
    });
  }
}

interface Dated {
  readonly Name: string;
  readonly CreatedDate?: number;
}

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
}

const SCHEDULE_VERBS: Readonly<Record<string, string>> = {
  POST: 'Create',
  GET: 'Get',
  PUT: 'Update',
  DELETE: 'Delete',
};

function readCall({ method, path, headers, body }: Sent): Call {
  const scope = /Credential=([^/]+)\/\d+\/([^/]+)\/([^/]+)\//.exec(String(headers['authorization']));
  const [, accessKey = '', region = '', service = path.startsWith('/v1/') ? 'batch' : 's3'] = scope ?? [];
  const text = service === 's3' ? '' : body.toString('utf8');
  const target = headers['x-amz-target'];
  const name =
    typeof target === 'string'
      ? (target.split('.').at(-1) ?? '')
      : service === 'scheduler'
        ? `${SCHEDULE_VERBS[method] ?? method}Schedule`
        : (/(?:^|&)Action=(\w+)/.exec(text)?.[1] ?? path.replace(/^\/v1\//, '').split('?')[0] ?? '');
  const date = headers['x-amz-date'];
  const signedAt = typeof date === 'string' ? millis(date) : NaN;
  return { action: `${service}:${name}`, region, accessKey, at: Date.now(), signedAt, path, body: text };
}

/** Parses a time such as `20260105T100000Z`. */
function millis(date: string): number {
  return Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

/** Returns the name in a secret id, which is a name or an ARN. */
function nameOf(id: string): string {
  return id.replace(/^arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:(.*)-[A-Za-z0-9]{6}$/, '$1');
}

function notFound(): Refusal {
  return new Refusal('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
}

function json(status: number, body: unknown): Answer {
  const headers = { 'content-type': 'application/x-amz-json-1.1' };
  return { status, headers, body: Buffer.from(JSON.stringify(body)) };
}

function deletionAnswer(name: string): Answer {
  return json(200, {
    ARN: `arn:aws:secretsmanager:::secret:${name}`,
    Name: name,
    DeletionDate: Date.now() / 1000,
  });
}

function marked(answer: Answer, until: number): Answer {
  return json(200, { ...(JSON.parse(answer.body.toString()) as object), DeletedDate: until / 1000 });
}

/** Corrects moto's answers: AWS answers "not found" with status 400, and integers have no decimal point. */
function patched(answer: Answer, { action }: Call): Answer {
  if (action.startsWith('secretsmanager:') && answer.status === 404) return { ...answer, status: 400 };
  if (!action.startsWith('batch:')) return answer;
  return { ...answer, body: Buffer.from(answer.body.toString().replace(/("vcpus": *\d+)\.0\b/g, '$1')) };
}

function wordError({ action }: Call, { code, message, status }: Refusal): Answer {
  if (/^(sts|iam|s3):/.test(action)) {
    const body = `<ErrorResponse><Error><Code>${code.replace(/Exception$/, '')}</Code><Message>${message}</Message></Error></ErrorResponse>`;
    return { status, headers: { 'content-type': 'text/xml' }, body: Buffer.from(body) };
  }
  const answer = json(status, { __type: code, message });
  return { ...answer, headers: { ...answer.headers, 'x-amzn-errortype': code } };
}

function plainHeaders(headers: Answer['headers']): Record<string, string | string[]> {
  const dropped = ['connection', 'transfer-encoding', 'content-length', 'host', 'date', 'expect'];
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || dropped.includes(name) ? [] : [[name, value]],
    ),
  );
}
