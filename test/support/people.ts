// People of a team server of a test, in browsers.
import type { Test } from 'tap';
import type { User } from '../../daemon/access/principal.ts';
import { issueSignInLink } from '../../daemon/access/sign-in/sign-in-links.ts';
import type { Ledger } from '../../daemon/ledger/ledger.ts';
import { TeamBrowser } from './team-browser.ts';
import { TeamServer } from './team-server.ts';

/** The app of `nf-escrow serve`, with people who sign in with links. */
export class People {
  readonly server: TeamServer;
  /** Secrets that must appear nowhere. */
  readonly secrets: string[] = [];

  private constructor(server: TeamServer) {
    this.server = server;
  }

  static async start(t: Test): Promise<People> {
    return new People(await TeamServer.start(t, {}, 'server'));
  }

  /** A browser of somebody who has not signed in. */
  browser(): TeamBrowser {
    return new TeamBrowser((path, sending) => this.server.exchange(path, sending));
  }

  /** Returns the secret of a new link of a user. */
  async link({ user }: Pick<User, 'user'>): Promise<string> {
    const { secret } = await this.server.ledger.write((db) => issueSignInLink(db, 'test', user));
    this.secrets.push(secret);
    return secret;
  }

  /** A browser in which a user has signed in. */
  async signedIn(user: Pick<User, 'user'>): Promise<TeamBrowser> {
    const browser = this.browser();
    const { status, text } = await browser.signIn(await this.link(user));
    if (status !== 200) throw new Error(text);
    this.secrets.push(...browser.cookies.values(), browser.csrfToken);
    return browser;
  }

  /** Returns what the ledger has of people and their credentials. */
  async dump(): Promise<string> {
    return dumpOf(this.server.ledger);
  }
}

/** Returns what a ledger has of people and their credentials. */
export async function dumpOf({ db }: Pick<Ledger, 'db'>): Promise<string> {
  const tables = [
    ...(['invitations', 'user_identities', 'user_sessions', 'sign_in_links', 'device_logins'] as const),
    ...(['users', 'tokens', 'journal', 'meta'] as const),
  ];
  const rows = await Promise.all(tables.map((table) => db.selectFrom(table).selectAll().execute()));
  return JSON.stringify(rows);
}
