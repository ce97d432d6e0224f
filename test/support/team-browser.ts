// A browser of a test, as far as a team server sees it: cookies, and the headers that browsers send.
import type { SessionState } from '../../daemon/contract/types.ts';
import type { Answer } from './http.ts';
import { ORIGIN, type Sending } from './team-server.ts';

/** Sends requests as the page of a server does. */
export class TeamBrowser {
  readonly cookies = new Map<string, string>();
  readonly #exchange: (path: string, sending: Sending) => Promise<Answer>;
  readonly #origin: string;
  csrfToken = '';

  constructor(exchange: (path: string, sending: Sending) => Promise<Answer>, origin = ORIGIN) {
    this.#exchange = exchange;
    this.#origin = origin;
  }

  /** The header with all cookies. */
  get cookie(): Readonly<Record<string, string>> {
    const pairs = [...this.cookies].map(([name, value]) => `${name}=${value}`);
    return pairs.length === 0 ? {} : { cookie: pairs.join('; ') };
  }

  async send(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const isChange = method !== 'GET';
    const answer = await this.#exchange(path, {
      method,
      ...(body === undefined ? {} : { body }),
      headers: {
        ...this.cookie,
        'sec-fetch-site': 'same-origin',
        ...(isChange ? { origin: this.#origin } : {}),
        ...(isChange && this.csrfToken !== '' ? { 'x-csrf-token': this.csrfToken } : {}),
        ...headers,
      },
    });
    for (const line of answer.headers['set-cookie'] ?? []) this.#take(line);
    return answer;
  }

  /** Returns who has signed in, and takes the token that requests need. */
  async session(): Promise<SessionState> {
    const { text } = await this.send('GET', '/v1/session');
    const state = JSON.parse(text) as SessionState;
    this.csrfToken = state.csrfToken ?? '';
    return state;
  }

  /** Signs in with a link. */
  async signIn(secret: string): Promise<Answer> {
    await this.session();
    const answer = await this.send('POST', '/v1/sign-in/link', { secret });
    await this.session();
    return answer;
  }

  #take(line: string): void {
    const [pair = '', ...attributes] = line.split('; ');
    const [name = '', value = ''] = pair.split(/=(.*)/s);
    if (attributes.includes('Max-Age=0')) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}
