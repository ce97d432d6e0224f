import type { Response } from 'express';
import type { SessionLimits } from '../access/sign-in/user-sessions.ts';
import type { SignInStart } from '../contract/types.ts';
import type { Served } from './served.ts';

/** How people sign in to a team server. */
export interface SignIn {
  /** Origin of the public URL, such as `https://escrow.example.org`. */
  readonly origin: string;
  readonly sessions: SessionLimits;
  /** Undefined: people sign in with links. */
  readonly provider: IdentityProvider | undefined;
  /** Waits longer after each wrong code from the network of the request. */
  readonly delayWrongCode: () => Promise<void>;
  /** Returns whether an address is in the network of the request. */
  readonly isOwnNetwork: (address: string) => boolean;
}

/** The identity provider of a team server. */
export interface IdentityProvider {
  readonly host: string;
  /** Starts a sign-in in the browser that gets the response. Returns where it continues. Throws `identity-provider-unavailable`. */
  start(response: Response, options: SignInStart): Promise<string>;
}

/** Returns how people sign in. Only operations of a team server call it. */
export function signInOf({ signIn }: Pick<Served, 'signIn'>): SignIn {
  if (signIn === undefined) throw new Error('a daemon has no sign-in');
  return signIn;
}
