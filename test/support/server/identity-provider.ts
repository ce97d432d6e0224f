// A real OpenID provider (oidc-provider) over HTTPS, whose people sign in without a form.
import { AsyncLocalStorage } from 'node:async_hooks';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request, type Server } from 'node:https';
import Provider from 'oidc-provider';
import type { Test } from 'tap';
import { listenOnLoopback } from '../listen-on-loopback.ts';
import { temporaryDirectory } from '../temporary.ts';
import { Authority } from './authority.ts';

/** Who signs in at the provider, with claims about the person. */
export interface Person {
  readonly sub: string;
  readonly email?: string;
  readonly email_verified?: unknown;
}

/** How the clock of the provider differs, in milliseconds, while it handles a request. */
const skew = new AsyncLocalStorage<number>();

export class IdentityProvider {
  readonly authority: Authority;
  readonly issuer: string;
  readonly clientId = 'nf-escrow';
  readonly clientSecret = randomUUID() + randomUUID();
  readonly #port: number;
  readonly #callback: string;
  readonly #server: Server;
  #handle: ReturnType<Provider['callback']>;
  #provider: Provider;
  /** Who signs in next. */
  person: Person = { sub: 'ada-at-provider' };
  /** Difference of its clock. */
  skewMs = 0;
  /** Returns another URL of a request, or undefined to answer with status 503. */
  interfere: (url: string) => string | undefined = (url) => url;
  /** Answers a request itself, and returns true. */
  answer: (url: string, response: ServerResponse) => boolean = () => false;

  private constructor(authority: Authority, server: Server, port: number, callback: string) {
    this.authority = authority;
    this.#server = server;
    this.#port = port;
    this.#callback = callback;
    this.issuer = `https://localhost:${String(port)}`;
    this.#provider = this.#create();
    this.#handle = this.#provider.callback();
  }

  /** `origin`: that of the team server. */
  static async start(t: Test, origin: string): Promise<IdentityProvider> {
    const authority = new Authority(temporaryDirectory(t), 'provider');
    const { certificateFile, keyFile } = authority.issue();
    const server = createServer({ cert: readFileSync(certificateFile), key: readFileSync(keyFile) });
    const port = await listenOnLoopback(server);
    const provider = new IdentityProvider(authority, server, port, `${origin}/sign-in/callback`);
    server.on('request', (incoming, response) => void provider.#serve(incoming, response));
    const now = Date.now.bind(Date);
    t.intercept(Date, 'now', { value: () => now() + (skew.getStore() ?? 0) });
    t.teardown(() => {
      provider.stop();
    });
    return provider;
  }

  /** Replaces its signing keys. Its sessions end. */
  rotateKeys(): void {
    this.#provider = this.#create();
    this.#handle = this.#provider.callback();
  }

  /** No longer answers. */
  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async restart(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.listen(this.#port, '127.0.0.1', () => {
        resolve();
      });
    });
  }

  /** Follows the redirects of the provider, as a browser, to the address of the team server. */
  async follow(location: string, cookies = new Map<string, string>()): Promise<string> {
    let next = new URL(location);
    for (let count = 0; count < 10; count += 1) {
      if (!next.href.startsWith(this.issuer)) return next.href;
      const { headers, statusCode } = await this.#get(next, cookies);
      for (const line of headers['set-cookie'] ?? []) {
        const [pair = ''] = line.split(';');
        const [name = '', value = ''] = pair.split('=');
        if (value === '') cookies.delete(name);
        else cookies.set(name, value);
      }
      if (headers.location === undefined) throw new Error(`status ${String(statusCode)} of ${next.pathname}`);
      next = new URL(headers.location, next);
    }
    throw new Error('the provider redirects too often');
  }

  #get(url: URL, cookies: ReadonlyMap<string, string>): Promise<IncomingMessage> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    return new Promise((resolve, reject) => {
      request(url, { ca: readFileSync(this.authority.caFile), headers: { cookie } }, (incoming) => {
        incoming.resume().on('end', () => {
          resolve(incoming);
        });
      })
        .on('error', reject)
        .end();
    });
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = this.interfere(incoming.url ?? '');
    if (url === undefined) {
      response.writeHead(503).end();
      return;
    }
    if (this.answer(url, response)) return;
    incoming.url = url;
    await skew.run(this.skewMs, async () => {
      if (url.startsWith('/interaction/')) await this.#interact(incoming, response);
      else await this.#handle(incoming, response);
    });
  }

  /** The person signs in and agrees at once. */
  async #interact(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { prompt, params, session } = await this.#provider.interactionDetails(incoming, response);
    if (prompt.name === 'login') {
      await this.#finish(incoming, response, { login: { accountId: this.person.sub } });
      return;
    }
    const of = { accountId: session?.accountId ?? this.person.sub, clientId: params['client_id'] ?? '' };
    const grant = new this.#provider.Grant(of);
    grant.addOIDCScope('openid email');
    await this.#finish(incoming, response, { consent: { grantId: await grant.save() } });
  }

  async #finish(incoming: IncomingMessage, response: ServerResponse, result: object): Promise<void> {
    await this.#provider.interactionFinished(incoming, response, result, { mergeWithLastSubmission: true });
  }

  #create(): Provider {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'ES256' };
    return new Provider(this.issuer, {
      clients: [
        {
          ...{ client_id: this.clientId, client_secret: this.clientSecret, redirect_uris: [this.#callback] },
          id_token_signed_response_alg: 'ES256',
        },
      ],
      jwks: { keys: [key] },
      cookies: { keys: [randomUUID()] },
      features: { devInteractions: { enabled: false } },
      claims: { openid: ['sub'], email: ['email', 'email_verified'] },
      interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
      findAccount: (_context: unknown, sub: string) => ({
        accountId: sub,
        claims: () => ({ ...this.person, sub }),
      }),
    });
  }
}
