/** What AWS does and moto does not, switchable. All off: the rules of names and sizes hold all the same. */
export interface Rules {
  /** Connections are broken off at once. */
  down: boolean;
  latencyMs: number;
  /** How many creates and deletes a second; 0: any number. */
  perSecond: number;
  /** SERVICE:Action, refused to everyone. */
  readonly denied: Set<string>;
  /** Access keys whose session is over. */
  readonly expired: Set<string>;
  /** Only these access keys exist; undefined: any. */
  known: Set<string> | undefined;
  /** How far AWS's clock is from ours. */
  clockOffsetMs: number;
  /** So many of the next calls are answered with status 500. */
  failing: number;
  /** So many of the next creates are carried out and their replies lost. */
  losing: number;
  /** The connections of the next creates are broken off, and each is carried out that many milliseconds later. */
  readonly holding: number[];
  /** Which creates these two are of: SERVICE:Action. */
  lossy: string;
  /** A deletion that was answered takes that long. */
  deletionMs: number;
  /** Reads and deletes do not see a new secret for that long. */
  blindMs: number;
  /** Secrets were made that long before they were. */
  ageMs: number;
}

export function noRules(): Rules {
  return {
    down: false,
    latencyMs: 0,
    perSecond: 0,
    denied: new Set(),
    expired: new Set(),
    known: undefined,
    clockOffsetMs: 0,
    failing: 0,
    losing: 0,
    lossy: 'secretsmanager:CreateSecret',
    holding: [],
    deletionMs: 0,
    blindMs: 0,
    ageMs: 0,
  };
}

/** An error as AWS words it. */
export class Refusal extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

interface SecretRequest {
  readonly Name?: string;
  readonly SecretString?: string;
  readonly SecretBinary?: string;
  readonly Tags?: readonly { Key: string; Value: string }[];
  readonly ClientRequestToken?: string;
}

const TAG = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** CreateSecret's own limits (API reference; aws.md). Throws a Refusal. */
export function checkCreate({
  Name = '',
  SecretString,
  SecretBinary,
  Tags = [],
  ...rest
}: SecretRequest): void {
  const invalid = (message: string): never => {
    throw new Refusal('ValidationException', message);
  };
  if (!/^[A-Za-z0-9/_+=.@-]{1,512}$/.test(Name)) invalid(`"${Name}" is no name`);
  if (/-[A-Za-z0-9]{6}$/.test(Name)) invalid(`"${Name}" ends as an ARN does`);
  if (SecretBinary !== undefined || SecretString === undefined) invalid('ECS reads SecretString only');
  if (Buffer.byteLength(SecretString ?? '') > 65_536) invalid('the value has more than 65536 bytes');
  if (Tags.length > 20) invalid('more than 20 tags');
  for (const { Key, Value } of Tags) {
    if (Key.length < 1 || Key.length > 128 || !TAG.test(Key) || Key.startsWith('aws:')) invalid(`tag ${Key}`);
    if (Value.length > 256 || !TAG.test(Value)) invalid(`the value of tag ${Key}`);
  }
  if (!/^.{32,64}$/.test(rest.ClientRequestToken ?? '')) invalid('ClientRequestToken');
}
