// A team server with people of every role, and a browser in which each of them can sign in.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { Test } from 'tap';
import type { User } from '../../daemon/access/principal.ts';
import { startSession } from '../../daemon/access/sign-in/user-sessions.ts';
import { csrfTokenOf, SESSION_COOKIE } from '../../daemon/api/listeners/session-cookie.ts';
import { newRunId } from '../../daemon/contract/run-id.ts';
import type {
  DeliveryRequest,
  Release,
  ReleaseReport,
  ServerEnvironmentInput,
} from '../../daemon/contract/types.ts';
import { openLedger } from '../../daemon/ledger/sqlite/open.ts';
import { createReleaseCredential, hashOfCredential } from '../../daemon/releases/release-credential.ts';
import { ACCOUNT, QUEUE, REGION } from './aws/test-aws.ts';
import { startBrowser, type TestBrowser } from './browser.ts';
import { freePorts } from './free-ports.ts';
import type { Answer } from './http.ts';
import { OVERFLOW, violationsOn } from './page-checks.ts';
import { TeamServer } from './server/team-server.ts';
import { Team } from './team.ts';

/** People by what they may do: roles in the organization `lab` or its workspace `lab/rna`, the administrator of the server, and others. */
export const PEOPLE = [
  ...([
    'owner',
    'orgadmin',
    'maintainer',
    'launcher',
    'viewer',
    'administrator',
    'removed',
    'outsider',
  ] as const),
] as const;
export type Person = (typeof PEOPLE)[number];

const SESSION_LIMITS = { idleMinutes: 480, lifetimeHours: 168 };
/** Permits compute environments of workspaces. */
const ACCOUNTS = { awsAccounts: [{ account: ACCOUNT }] };
/** A recipient of releases. Nobody has its key. */
const RECIPIENT = 'age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg';

/** A run to which the server has delivered secrets. */
interface Delivered {
  readonly run: string;
  /** Removes them, as the daemon does when the run has ended. */
  readonly end: () => Promise<void>;
}

/** A compute environment of a workspace on the server. */
export const ENVIRONMENT: ServerEnvironmentInput = {
  ...{ name: 'batch', platform: 'aws-batch' },
  aws: {
    ...{ region: REGION, queue: QUEUE, workDir: 's3://nf-work/run' },
    executionRole: `arn:aws:iam::${ACCOUNT}:role/nf-escrow-lab-rna`,
  },
};

export class TeamPage {
  readonly server: TeamServer;
  readonly browser: TestBrowser;
  readonly origin: string;
  readonly #sessions: ReadonlyMap<Person, string>;
  /** Tokens of the launcher and of a service account. */
  readonly tokens: { readonly launcher: string; readonly service: string };

  private constructor(
    parts: Pick<TeamPage, 'server' | 'browser' | 'origin' | 'tokens'>,
    sessions: Map<Person, string>,
  ) {
    this.server = parts.server;
    this.browser = parts.browser;
    this.origin = parts.origin;
    this.tokens = parts.tokens;
    this.#sessions = sessions;
  }

  /** Undefined without a browser, for which the test is skipped. */
  static async start(t: Test, context: object = {}, settings: object = {}): Promise<TeamPage | undefined> {
    const browser = await startBrowser(t, { context: { ignoreHTTPSErrors: true, ...context } });
    if (browser === undefined) return undefined;
    const server = new TeamServer(t);
    const [port = 0] = await freePorts(1);
    const origin = `https://localhost:${String(port)}`;
    server.configure({ listen: `127.0.0.1:${String(port)}`, publicUrl: origin, ...ACCOUNTS, ...settings });
    const { status, stderr } = await server.escrow(['serve', 'init', '--name', 'first', '--print-token']);
    if (status !== 0) throw new Error(stderr);
    const sessions = new Map<Person, string>();
    const tokens = await fill(server, sessions);
    await server.start();
    return new TeamPage({ server, browser, origin, tokens }, sessions);
  }

  /** Opens a screen as a person, in a tab that shares nothing with those before. */
  async open(person: Person, hash = '#/'): Promise<Page> {
    await this.signIn(person);
    const page = await this.browser.open(`${this.origin}/${hash}`);
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    await settled(page);
    return page;
  }

  /** Gives the browser the session of a person. */
  async signIn(person: Person): Promise<void> {
    const { context } = this.browser;
    await context.clearCookies();
    await context.addCookies([
      {
        ...{ name: SESSION_COOKIE, value: this.secretOf(person), url: this.origin },
        ...{ secure: true, httpOnly: true, sameSite: 'Lax' as const },
      },
    ]);
  }

  /** The secret of the session of a person. */
  secretOf(person: Person): string {
    return this.#sessions.get(person) ?? '';
  }

  /** Sends a request as the page does. */
  async send(
    person: Person,
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const secret = this.secretOf(person);
    return this.server.request(
      path,
      {
        cookie: `${SESSION_COOKIE}=${secret}`,
        origin: this.origin,
        host: new URL(this.origin).host,
        'x-csrf-token': csrfTokenOf(secret),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) },
    );
  }

  /** Sends a request that must succeed, and returns the body. */
  async must<T>(
    person: Person,
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<T> {
    const { status, text } = await this.send(person, method, path, body, headers);
    if (status >= 300) throw new Error(`${method} ${path}: ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  /** Sets a secret of `lab/rna` to a value that occurs nowhere else, and returns the value. */
  async set(name: string): Promise<string> {
    const value = `canary-${randomBytes(12).toString('hex')}`;
    const body = { valueBase64: Buffer.from(value).toString('base64') };
    await this.must('maintainer', 'PUT', `/v1/workspaces/lab/rna/secrets/${name}`, body);
    return value;
  }

  /** Creates the compute environment `batch` of `lab/rna`. */
  async environment(): Promise<void> {
    await this.must('owner', 'POST', '/v1/workspaces/lab/rna/compute-envs', ENVIRONMENT);
  }

  /** Lets the server deliver secrets to a new run of the launcher in the compute environment `batch`. */
  async deliver(names: readonly string[]): Promise<Delivered> {
    const run = newRunId(new Date().toISOString());
    const credential = createReleaseCredential();
    const headers = { 'content-type': 'application/json', host: new URL(this.origin).host };
    const body: DeliveryRequest = {
      ...{ workspace: 'lab/rna', computeEnvironment: ENVIRONMENT.name, run },
      secrets: names.map((name) => ({ name, version: 1 })) as DeliveryRequest['secrets'],
      credentialHash: hashOfCredential(credential),
      expires: new Date(Date.now() + 3_600_000).toISOString(),
    };
    const asked = await this.server.request(
      '/v1/deliveries',
      { ...headers, authorization: `Bearer ${this.tokens.launcher}` },
      { method: 'POST', body: JSON.stringify(body) },
    );
    if (asked.status !== 201) throw new Error(asked.text);
    const end = async (): Promise<void> => {
      const path = `/v1/releases/${run}/delivery`;
      const ended = await this.server.request(
        path,
        { ...headers, authorization: `Bearer ${credential}` },
        { method: 'DELETE' },
      );
      if (ended.status !== 200) throw new Error(ended.text);
    };
    return { run, end };
  }

  /** Releases secrets to a new run of the launcher, whose daemon reports. Returns the id of the run. */
  async release(names: readonly string[], report?: Partial<ReleaseReport>): Promise<string> {
    const run = newRunId(new Date().toISOString());
    const body = {
      ...{ workspace: 'lab/rna', run, recipient: RECIPIENT },
      secrets: names.map((name) => ({ name, version: 1 })),
      expires: new Date(Date.now() + 3_600_000).toISOString(),
    };
    const headers = { 'content-type': 'application/json', host: new URL(this.origin).host };
    const asked = await this.server.request(
      '/v1/releases',
      { ...headers, authorization: `Bearer ${this.tokens.launcher}` },
      { method: 'POST', body: JSON.stringify(body) },
    );
    if (asked.status !== 201) throw new Error(asked.text);
    const { id, credential } = JSON.parse(asked.text) as Release;
    if (report === undefined) return run;
    const leases = [{ store: 'run-directory', state: 'placed', count: 1 }];
    const state = { epoch: 1, sequence: 1, state: 'running', outcome: null, leases, ...report };
    const reported = await this.server.request(
      `/v1/releases/${id}/state`,
      { ...headers, authorization: `Bearer ${credential}` },
      { method: 'PUT', body: JSON.stringify(state) },
    );
    if (reported.status !== 204) throw new Error(reported.text);
    return run;
  }
}

/** Waits until a screen shows its data. */
export async function settled(page: Page): Promise<void> {
  await page.locator('main h1').waitFor();
  await page.locator('body:not(:has(.skeleton))').waitFor();
}

/** Asserts that the screen follows the rules of accessibility and fits, at three widths and in both themes. The page must have evaluated `axe.source`. */
export async function isAccessible(t: Test, page: Page, what: string): Promise<void> {
  for (const [width, colorScheme] of [
    [390, 'light'],
    [1024, 'dark'],
    [1920, 'light'],
  ] as const) {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await settled(page);
    const where = `${what} ${String(width)} ${colorScheme}`;
    t.same(await violationsOn(page), [], where);
    t.ok((await page.evaluate<number>(OVERFLOW)) <= 0, `${where} fits`);
  }
}

/** Creates people, an organization, workspaces and a service account in the ledger, before the server opens it. */
async function fill(server: TeamServer, sessions: Map<Person, string>): Promise<TeamPage['tokens']> {
  const ledger = await openLedger(join(server.box.directory, 'server', 'ledger.db'));
  try {
    const team = new Team(ledger);
    const people = new Map<Person, User>();
    for (const name of PEOPLE) {
      const user = await team.user(name, name === 'administrator');
      people.set(name, user);
      const start = { user: { id: user.id, name }, method: 'link', authenticatedAt: 'now' } as const;
      sessions.set(name, await ledger.write((db) => startSession(db, start, SESSION_LIMITS)));
    }
    const of = (name: Person): User => {
      const user = people.get(name);
      if (user === undefined) throw new Error(`nobody has the name ${name}`);
      return user;
    };
    const members = (['maintainer', 'launcher', 'viewer', 'removed'] as const).map(
      (name) => [of(name), 'member'] as const,
    );
    const lab = await team.organization('lab', [
      [of('owner'), 'owner'],
      [of('orgadmin'), 'admin'],
      ...members,
    ]);
    const rna = await team.workspace({ organization: 'lab', name: 'rna', visibility: 'private' });
    await team.workspace({ organization: 'lab', name: 'shared', visibility: 'shared' });
    for (const [name, role] of [
      ['maintainer', 'maintain'],
      ['launcher', 'launch'],
      ['viewer', 'view'],
      ['removed', 'launch'],
    ] as const)
      await team.member(rna, of(name), role);
    const account = await team.account(lab, 'ci');
    await team.member(rna, account, 'launch');
    const { text: service } = await team.token(account);
    const { text: launcher } = await team.token(of('launcher'), { name: 'daemon' });
    return { launcher, service };
  } finally {
    await ledger.close();
  }
}
