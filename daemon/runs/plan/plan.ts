import { findWorkspace, titleOf, userScope, type WorkspaceScope } from '../../access/scopes.ts';
import type {
  ComputeEnvironment,
  Plan,
  RunRequest,
  SecretDelivery,
  WritablePlace,
} from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { describePlace } from '../../nextflow/executed/describe-place.ts';
import { localStoreNames } from '../../nextflow/launcher/local-store.ts';
import { configOverlay } from '../../nextflow/launcher/overlay.ts';
import { describePlannedSecret, resolveSecrets, type ResolvedSecret } from '../../sources/resolve.ts';
import type { RemoteWorkspace } from '../../sources/remote-workspace.ts';
import type { SecretCandidate } from '../../sources/source.ts';
import { HELD_BY_SERVER } from '../../releases/held-by-server.ts';
import type { RunDependencies } from '../dependencies.ts';
import { findForeign, noteOnHeld } from './held-secrets.ts';
import { findPlannedEnvironment, type HeldEnvironment } from './plan-environment.ts';

/** The plan of a run. It refers to secrets; their values are decrypted when the run is materialized. */
export interface PlannedRun {
  readonly plan: Plan;
  readonly environment: ComputeEnvironment;
  readonly secretDelivery: SecretDelivery;
  readonly secrets: readonly ResolvedSecret[];
  /** The workspace of a team server; null: the workspace is in the ledger. */
  readonly remote: RemoteWorkspace | null;
  /** The compute environment on the team server, which delivers the secrets itself; null: this daemon delivers them. */
  readonly held: HeldEnvironment | null;
  /** Why the team server cannot deliver further secrets, by name, as clauses. */
  readonly foreign: ReadonlyMap<string, string>;
  /** Whether the request selects secrets by name. The run then needs each of them. */
  readonly isSelection: boolean;
  /** Nextflow's own store, which provides the secrets of scope `local`. Null: none is used. */
  readonly localStore: string | null;
  /** Configuration that is added to the run's own. Undefined: none. */
  readonly overlay: string | undefined;
}

/**
 * Plans a run. Decrypts, records and creates nothing. Throws the errors of an invalid request (`workspace-not-found`,
 * `secret-not-available`, `writable-by-others`, …).
 */
export async function planRun(deps: RunDependencies, request: RunRequest): Promise<PlannedRun> {
  const workspace = await findPlannedWorkspace(deps, request.workspace ?? deps.defaultWorkspace);
  const { environment: found, held } = await findPlannedEnvironment(
    deps,
    request.computeEnvironment,
    workspace.remote,
  );
  // A command that runs no tasks evaluates the pipeline here, whatever the platform is.
  const environment = request.command === undefined ? found : deps.onThisHost(found);
  // The server sends values to tasks only.
  const secrets =
    held !== null && request.command !== undefined ? [] : await choose(deps, request, workspace);
  const foreign = held === null ? NONE_FOREIGN : findForeign(held, secrets);
  const secretDelivery = deliveryOf(request);
  const isEmpty = secrets.length === 0;
  const places = isEmpty ? undefined : request.writableByOthers?.places;
  if (places !== undefined && request.writableByOthers?.policy === 'refuse') assertUnwritable(places);
  return {
    plan: {
      workspace: workspace.title,
      computeEnvironment: environment.name,
      secrets: secrets.map(describePlannedSecret),
      store: isEmpty ? null : held === null ? deps.platformOf(environment).secrets.kind : HELD_BY_SERVER,
      secretDelivery: isEmpty ? null : describeDelivery(secretDelivery),
      note: held !== null && !isEmpty ? noteOnHeld(held) : noteOn(workspace, secrets, secretDelivery),
      ...(places === undefined ? {} : { writableByOthers: places }),
    },
    environment,
    secretDelivery,
    secrets,
    ...{ remote: workspace.remote, held, foreign },
    isSelection: request.selection.only !== undefined,
    localStore: request.localStore,
    overlay: configOverlay(
      deps.platformOf(environment).configuration?.(environment),
      request.configured ?? {},
    ),
  };
}

/** The workspace of a run, wherever it is. */
interface PlannedWorkspace {
  /** Under which the ledger and receipts name it. */
  readonly title: string;
  readonly visibility: WorkspaceScope['visibility'];
  readonly remote: RemoteWorkspace | null;
  readonly list: () => Promise<SecretCandidate[]>;
}

async function findPlannedWorkspace(deps: RunDependencies, wanted: string): Promise<PlannedWorkspace> {
  const { ledger, source, servers } = deps;
  const found = await servers.find(wanted);
  if (typeof found !== 'string')
    return {
      ...{ title: servers.titleOf(found), visibility: found.visibility, remote: found },
      list: () => servers.list(found),
    };
  const scope = await findWorkspace(ledger.db, found);
  return {
    ...{ title: titleOf(scope), visibility: scope.visibility, remote: null },
    list: () => source.list(ledger.db, scope),
  };
}

/** `nextflow config` loads no plugins before it evaluates the configuration, so it needs Nextflow's own format. */
function deliveryOf({ secretDelivery = DEFAULT_DELIVERY, command }: RunRequest): SecretDelivery {
  return command === 'config' ? { ...secretDelivery, configPhase: true } : secretDelivery;
}

/** Throws `writable-by-others` if others can change what the run executes. */
function assertUnwritable([first, ...more]: readonly WritablePlace[]): void {
  if (first === undefined) return;
  const others = more.length === 0 ? '' : ` Run nf-escrow doctor to list ${String(more.length)} more.`;
  throw new EscrowError(
    'writable-by-others',
    `Cannot start a run with secrets (writableByOthers is refuse): ${describePlace(first)}.`,
    { hint: `${first.remedy}${others}` },
  );
}

/** Delivery for callers that do not describe their Nextflow: the format that every version reads. */
const DEFAULT_DELIVERY: SecretDelivery = {
  plugin: null,
  reason: null,
  configPhase: true,
  environment: {},
  restore: {},
};

/** Returns a note for the person who starts the run, or null. */
function noteOn(
  workspace: PlannedWorkspace,
  secrets: readonly ResolvedSecret[],
  { reason, note }: SecretDelivery,
): string | null {
  if (workspace.visibility === 'personal') return `${workspace.title} is personal: ${NONE}`;
  if (secrets.length === 0) return null;
  if (reason === null) return note ?? null;
  return `secrets are delivered in Nextflow's own format because ${reason}: tasks may receive undeclared secrets.`;
}

function describeDelivery({ plugin, reason }: SecretDelivery): string {
  if (plugin !== null) return `plugin nf-escrow ${plugin}`;
  return reason === null ? "Nextflow's own format" : `Nextflow's own format: ${reason}`;
}

const NONE_FOREIGN: ReadonlyMap<string, string> = new Map();
const NONE = 'a run in a personal workspace receives no secrets.';

async function choose(
  deps: RunDependencies,
  { selection, localStore }: RunRequest,
  workspace: PlannedWorkspace,
): Promise<ResolvedSecret[]> {
  const { ledger, source } = deps;
  if (workspace.visibility === 'personal') {
    if (selection.only === undefined) return [];
    throw new EscrowError(
      'workspace-personal',
      `Cannot deliver secrets to a run in ${workspace.title}: ${NONE}`,
    );
  }
  if (selection.none === true) return [];
  const user = await userScope(ledger.db, deps.user);
  const ours = [...(await source.list(ledger.db, user)), ...(await workspace.list())];
  // Nextflow's own store is read only if it is merged with ours, so that a run without our secrets cannot fail on it.
  const merges = selection.only === undefined ? ours.length > 0 : selection.only.length > 0;
  const local = merges && localStore !== null ? localStoreNames(localStore).map(localCandidate) : [];
  const chosen = resolveSecrets([...ours, ...local], selection);
  // A run that needs only secrets of Nextflow's own store uses that store directly.
  return selection.only !== undefined || chosen.some(({ scope }) => scope !== 'local') ? chosen : [];
}

function localCandidate(name: string): SecretCandidate {
  return { name, scope: 'local', secretId: null, version: null };
}
