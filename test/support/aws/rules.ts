/** Behavior of AWS that moto lacks, switchable. The limits of names and sizes always apply. */
export interface Rules {
  /** Closes every connection immediately. */
  down: boolean;
  latencyMs: number;
  /** Limit of creates and deletes per second; 0 for no limit. */
  perSecond: number;
  /** Actions denied to everyone, as SERVICE:Action. */
  readonly denied: Set<string>;
  /** Services denied to an access key, by the key. */
  readonly deniedTo: Map<string, string>;
  /** Access keys whose session has expired. */
  readonly expired: Set<string>;
  /** The only access keys that exist; undefined for any key. */
  known: Set<string> | undefined;
  /** Offset of AWS's clock from the local clock. */
  clockOffsetMs: number;
  /** Number of next calls that fail with status 500. */
  failing: number;
  /** Number of next calls that are throttled. */
  throttling: number;
  /** Number of next creates that are carried out and whose answers are lost. */
  losing: number;
  /**
   * Delays of the next creates, in milliseconds: the connection is closed, and the create is carried out after the
   * delay.
   */
  readonly holding: number[];
  /** The action that `losing` and `holding` apply to, as SERVICE:Action. */
  lossy: string;
  /** How long a signature is valid. */
  signatureMs: number;
  /** Duration of a deletion in the background. */
  deletionMs: number;
  /** How long reads and deletes do not see a new secret. */
  blindMs: number;
  /** Added age of secrets. */
  ageMs: number;
}

export function noRules(): Rules {
  return {
    down: false,
    latencyMs: 0,
    perSecond: 0,
    denied: new Set(),
    deniedTo: new Map(),
    expired: new Set(),
    known: undefined,
    clockOffsetMs: 0,
    failing: 0,
    throttling: 0,
    losing: 0,
    lossy: 'secretsmanager:CreateSecret',
    holding: [],
    signatureMs: 300_000,
    deletionMs: 0,
    blindMs: 0,
    ageMs: 0,
  };
}

/** An error response of AWS. */
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

/** Checks the limits of CreateSecret in the AWS API reference. Throws a Refusal. */
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
  if (!/^[A-Za-z0-9/_+=.@-]{1,512}$/.test(Name)) invalid(`"${Name}" is not a valid name`);
  if (/-[A-Za-z0-9]{6}$/.test(Name)) invalid(`"${Name}" ends like the ARN of a secret`);
  if (SecretBinary !== undefined || SecretString === undefined) invalid('ECS reads SecretString only');
  if (Buffer.byteLength(SecretString ?? '') > 65_536) invalid('the value has more than 65536 bytes');
  if (Tags.length > 20) invalid('more than 20 tags');
  for (const { Key, Value } of Tags) {
    if (Key.length < 1 || Key.length > 128 || !TAG.test(Key) || Key.startsWith('aws:')) invalid(`tag ${Key}`);
    if (Value.length > 256 || !TAG.test(Value)) invalid(`the value of tag ${Key}`);
  }
  if (!/^.{32,64}$/.test(rest.ClientRequestToken ?? '')) invalid('ClientRequestToken');
}
