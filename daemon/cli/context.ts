import type { Client } from '../api-client/client.ts';
import type { SettingKey } from '../config/setting-keys.ts';
import type { Settings } from '../config/settings.ts';
import type {
  AwsCredentials,
  AwsSettings,
  Carrier,
  ComputeEnvironment,
  DoctorCheck,
  Process,
  RunRequest,
  SchedulerJob,
} from '../contract/types.ts';

/** What main hands to the commands. Each part is loaded when it is asked for. */
export interface Context {
  /** Throws where they cannot be used: help and doctor have something to say even then. */
  readonly settings: Settings;
  readonly assertSettings: () => void;
  readonly version: string;
  /** The program itself, as an absolute path. */
  readonly program: string;
  /** The daemon's client; its first call starts the daemon where none answers. */
  readonly daemon: () => Promise<Client>;
  /** As `daemon`, but undefined where none answers. */
  readonly daemonIfRunning: () => Promise<Client | undefined>;
  /** Starts the daemon here, where it was on a host that shows no sign of life. */
  readonly takeOver: () => Promise<void>;
  /** Starts the daemon so that it goes on when nobody needs it. */
  readonly startStaying: () => Promise<void>;
  /** Becomes the daemon; resolves when it has ended. */
  readonly serve: (how: Serving) => Promise<void>;
  /** What we know of Nextflow. */
  readonly nextflow: () => Promise<NextflowKnowledge>;
  /** What more a launch to AWS Batch needs of that. */
  readonly nextflowOnAws: () => Promise<NextflowOnAws>;
  /** Reads files to import. */
  readonly importing: () => Promise<Importing>;
  /** Writes one setting into config.yaml; undefined takes it out. */
  readonly writeSetting: (key: SettingKey, value: string | undefined) => Promise<void>;
  /** Writes a `nextflow` for PATH into a directory; gives its path. */
  readonly writeShim: (directory: string) => Promise<string>;
  /** Credentials of a compute environment, for the head of a run. */
  readonly awsCredentials: (settings: AwsSettings) => Promise<AwsCredentials & { expiration?: Date }>;
  /** Writes the policies for AWS. */
  readonly policies: () => Promise<Policies>;
  /** What on this host ends long-lived processes, as clauses. */
  readonly processKillers: (head: { readonly atLogout: boolean }) => Promise<string[]>;
  /** Looks at everything that a launch needs, one to a compute environment too. */
  readonly examine: (environment?: ComputeEnvironment) => Promise<DoctorCheck[]>;
  /** Has a job there read a throw-away secret; takes `limitMs` at most. */
  readonly probe: (environment: ComputeEnvironment, limitMs: number) => Promise<DoctorCheck[]>;
}

export interface Serving {
  /** A descriptor on which it tells why it cannot start. */
  readonly tell: number | undefined;
  /** In the place of a daemon on another host that shows no sign of life. */
  readonly takeOver: boolean;
  /** Also when nobody needs it. */
  readonly stay: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

interface CommandLine {
  readonly arguments: string[];
  readonly background: boolean;
}

export interface NextflowKnowledge {
  readonly findNextflow: (named: string | undefined, env: Environment) => string;
  readonly findLocalStore: (env: Environment) => string | null;
  readonly chooseCarrier: (launch: {
    readonly nextflow: string;
    readonly arguments: readonly string[];
    readonly directory: string;
    readonly state: string;
    readonly env: Environment;
  }) => Carrier;
  readonly expectedLog: (launchDirectory: string, args: readonly string[], env: Environment) => string;
  readonly arrange: (rest: readonly string[]) => CommandLine;
  readonly readCommandLine: (args: readonly string[]) => CommandLine | undefined;
  readonly identifySelf: () => Process;
  /** The scheduler's job that we run in. */
  readonly jobOf: (env: Environment) => SchedulerJob | undefined;
}

export interface NextflowOnAws {
  /** How a launch to AWS Batch carries secrets: beside the plugin, another one. */
  readonly carryOnAws: (carrier: Carrier, env: Environment) => Carrier;
  /** Has the head take the compute environment's role. */
  readonly assumeInHead: (
    carrier: Carrier,
    where: { readonly state: string; readonly name: string; readonly command: readonly string[] },
    env: Environment,
  ) => Carrier;
  /** What is configured of what AWS Batch needs; costs a JVM start. */
  readonly readConfiguration: (
    nextflow: string,
    args: readonly string[],
    where: { readonly env: Environment; readonly cwd: string },
  ) => Promise<NonNullable<RunRequest['configured']>>;
  readonly versionOf: (nextflow: string, env: Environment) => string | undefined;
}

interface PolicyWishes {
  readonly account: string;
  readonly executionRole: string;
  readonly deadManRole?: string | undefined;
  readonly workspace?: string | undefined;
  readonly prefix?: string | undefined;
  readonly partition?: string | undefined;
  readonly kmsKey?: string | undefined;
}

export interface Policies {
  readonly renderPolicies: (wishes: PolicyWishes) => Readonly<Record<string, object>>;
  readonly renderCloudFormation: (wishes: PolicyWishes) => object;
  readonly renderDeadManTrust: (wishes: PolicyWishes) => object;
}

export interface Importing {
  readonly importSources: readonly ('nextflow' | 'dotenv' | 'json')[];
  readonly readImport: (
    source: 'nextflow' | 'dotenv' | 'json',
    file: string | undefined,
    env: Environment,
  ) => Promise<{ name: string; valueBase64: string }[]>;
}
