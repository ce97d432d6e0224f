import type { Request, RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { EventNumbers } from '../access/event-numbers.ts';
import type { Principal } from '../access/principal.ts';
import type { TeamLimits } from '../access/limits/team-limits.ts';
import type { TokenLimits } from '../access/tokens/tokens.ts';
import type { Sessions } from '../access/sessions.ts';
import type { AllPlatformRules } from '../compute-envs/compute-environments.ts';
import type { ListenAddress } from '../config/listen-address.ts';
import type { DaemonStatus, Readiness, ServerOverview } from '../contract/types.ts';
import type { Delivering } from '../deliveries/delivering.ts';
import type { EnvironmentExaminer } from '../doctor/examine-environment.ts';
import type { AllPlatformChecks } from '../doctor/platform-checks.ts';
import { EscrowError } from '../errors.ts';
import type { Launches } from '../launch/launches.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Runs } from '../runs/runs.ts';
import type { FaultInjector } from '../system/steps.ts';
import type { Vault } from '../vault/vault.ts';
import type { EventHub } from './events/event-hub.ts';
import type { Caller } from './listeners/caller.ts';
import type { RedirectFile } from './page/redirect-file.ts';
import type { IdempotentRequests } from './routing/idempotent-requests.ts';
import type { SignIn } from './sign-in.ts';

/** Records requests, and returns the metrics. An interface, because the recorder itself depends on the routes. */
interface RequestRecorder {
  readonly requests: RequestHandler;
  metrics(): Promise<{ text(): Promise<string> }>;
}

/** The parts of the daemon that the API serves. daemon.ts assembles them. */
export interface Served {
  readonly version: string;
  readonly ledger: Ledger;
  readonly vault: Vault;
  readonly runs: Runs;
  /** Sends new events of the journal to clients. */
  readonly events: EventHub;
  /** Runs that the daemon starts itself. */
  readonly launches: Pick<Launches, 'preview' | 'start' | 'repeat' | 'parameterSchema'>;
  /** Returns who makes a request. Throws `unauthenticated` on a team server if nobody was authenticated. */
  readonly identify: (request: Request) => Principal;
  /** Records on a team server that a principal reads names of secrets. `workspace`: undefined for a search. */
  readonly noteNames?: (by: Principal, workspace: string | undefined) => Promise<void>;
  /** Limits of a team server for users and workspaces. */
  readonly limits?: TeamLimits;
  /** What a team server itself delivers to runs. */
  readonly deliveries?: Delivering;
  /** Limits of new tokens on a team server. */
  readonly tokenLimits?: TokenLimits;
  /** How people sign in to a team server. */
  readonly signIn?: SignIn;
  /** Describes a team server for its administrators. */
  readonly describe?: () => Promise<ServerOverview>;
  /** Requests that their clients may repeat. */
  readonly requests: IdempotentRequests;
  readonly log: Logger;
  /** Replaces the values of live runs in a text. */
  readonly redact: (text: string) => string;
  readonly platformRules: AllPlatformRules;
  readonly platformChecks: AllPlatformChecks;
  readonly examiner: Pick<EnvironmentExaminer, 'examine'>;
  /** Returns what a caller may know of the readiness. Throws `not-ready`, or why the ledger cannot be used. */
  readonly readiness: (caller: Caller) => Promise<Readiness>;
  readonly status: () => DaemonStatus;
  /** The TCP listener. */
  readonly tcp: {
    listen(address: ListenAddress): Promise<void>;
    readonly address: ListenAddress | undefined;
  };
  /** The socket for the web page. */
  readonly pageSocket: { readonly path: string; open(): Promise<void> };
  readonly redirect: RedirectFile;
  /** Sessions of the web page. */
  readonly sessions: Sessions;
  readonly recorder: RequestRecorder;
  /** How clients of a team server see positions in the journal. Default: as they are. */
  readonly eventNumbers?: EventNumbers;
  /** Interrupts steps, in tests. */
  readonly faults: FaultInjector;
  /** Whether requests need a token, as on a TCP listener. */
  readonly needsToken?: boolean;
  /** Starts a graceful shutdown of the daemon. Called after the response is sent. */
  readonly stop: () => void;
  /** Called at each request, to restart the daemon's idle timer. */
  readonly touched: () => void;
}

/** Returns the deliveries of a team server. Its operations exist only there. */
export function deliveriesOf({ deliveries }: Served): Delivering {
  if (deliveries === undefined) throw new EscrowError('internal', 'The server has no deliveries.');
  return deliveries;
}
