import { EscrowError } from '../../../errors.ts';

/** A login that the user has to approve. */
export interface Authorization {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly verificationUri: string;
  /** Seconds. */
  readonly expiresIn: number;
  readonly interval: number;
}

const SECRET = /^[\w-]{43}$/;
const USER_CODE = /^[A-Z]{4}-[A-Z]{4}$/;
const SECONDS_MAX = 3600;
const INTERVAL_MAX = 60;

/**
 * Reads the response of a server to the request of a login. The address that the user opens is that of the server itself: another one
 * could be a page that collects codes. Throws `server-unreachable` for another answer.
 */
export function readAuthorization(answer: unknown, url: URL): Authorization {
  const found = (typeof answer === 'object' && answer !== null ? answer : {}) as Readonly<
    Record<string, unknown>
  >;
  const { deviceCode, userCode, verificationUri, expiresIn, interval } = found;
  if (
    typeof deviceCode === 'string' &&
    SECRET.test(deviceCode) &&
    typeof userCode === 'string' &&
    USER_CODE.test(userCode) &&
    typeof verificationUri === 'string' &&
    isPageOf(verificationUri, url) &&
    isSeconds(expiresIn, SECONDS_MAX) &&
    isSeconds(interval, INTERVAL_MAX)
  )
    return { deviceCode, userCode, verificationUri, expiresIn, interval };
  throw new EscrowError(
    'server-unreachable',
    `Cannot start a login on ${url.host}: the response has an unexpected format.`,
    { hint: 'Check the address of the server. It may be a server of another version.' },
  );
}

/** Whether an address is that of a page of a server, without anything that the user would not type. */
function isPageOf(text: string, { hostname }: URL): boolean {
  const page = URL.canParse(text) && text.length <= 300 ? new URL(text) : undefined;
  return (
    page?.protocol === 'https:' &&
    page.hostname === hostname &&
    page.username + page.password + page.search + page.hash === ''
  );
}

function isSeconds(value: unknown, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max;
}
