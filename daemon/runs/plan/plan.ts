import { assertMay, roleOf } from '../../access/policy.ts';
import {
  findWorkspace,
  titleOf,
  userScope,
  type SecretScope,
  type WorkspaceScope,
} from '../../access/scopes.ts';
import { findComputeEnvironment } from '../../compute-envs/compute-environments.ts';
import type { Carrier, ComputeEnvironment, Plan, RunRequest } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { readLocalStore } from '../../nextflow/launcher/local-store.ts';
import { overlay } from '../../nextflow/launcher/overlay.ts';
import { describe, resolve, type Candidate, type Resolved } from '../../sources/resolve.ts';
import type { SecretValue } from '../../vault/secret-value.ts';
import type { Engine } from '../dependencies.ts';

/** A plan with the values it is to place. The values are opened here, once, and live no longer than the placing. */
export interface PlannedRun {
  readonly plan: Plan;
  readonly environment: ComputeEnvironment;
  readonly carrier: Carrier;
  readonly resolved: readonly Resolved[];
  readonly values: ReadonlyMap<string, SecretValue>;
  /** The configuration that the run is started with, beside its own; undefined: none. */
  readonly overlay: string | undefined;
}

/**
 * Decides what a run is given. Throws what is wrong with it (`workspace-unknown`, `secret-not-available`,
 * `value-not-carried`, …) before anything is recorded or placed.
 */
export async function planRun(engine: Engine, request: RunRequest): Promise<PlannedRun> {
  const { db } = engine.ledger;
  const workspace = await findWorkspace(db, request.workspace ?? engine.defaultWorkspace);
  assertMay(roleOf(engine.user), 'launch', titleOf(workspace));
  const environment = await findComputeEnvironment(db, request.computeEnvironment);
  const { resolved, local } = await choose(engine, request, workspace);
  const values = await openAll(engine, resolved, local);
  const store = engine.secretsStore(environment);
  const carrier = request.carrier ?? NO_CARRIER;
  store.check(values, carrier);
  return {
    plan: {
      workspace: titleOf(workspace),
      computeEnvironment: environment.name,
      secrets: resolved.map(describe),
      destination: resolved.length === 0 ? null : store.kind,
      carrier: resolved.length === 0 ? null : titleOfCarrier(carrier),
      note: noteOn(workspace, resolved, carrier),
    },
    environment,
    carrier,
    resolved,
    values,
    overlay: environment.aws === undefined ? undefined : overlay(environment.aws, request.configured ?? {}),
  };
}

/** Of a caller that says nothing of its Nextflow: the format that every one of them reads. */
const NO_CARRIER: Carrier = { plugin: null, why: null, configPhase: true, environment: {}, restore: {} };

/** What a person should know who starts this run. */
function noteOn(
  workspace: WorkspaceScope,
  resolved: readonly Resolved[],
  { why, note }: Carrier,
): string | null {
  if (workspace.visibility === 'personal') return `${titleOf(workspace)} is personal: ${NONE}`;
  if (resolved.length === 0) return null;
  if (why === null) return note ?? null;
  return `secrets are given in Nextflow's own format, since ${why}: a task may be given more than it declares.`;
}

function titleOfCarrier({ plugin, why }: Carrier): string {
  if (plugin !== null) return `plugin nf-escrow ${plugin}`;
  return why === null ? "Nextflow's own format" : `Nextflow's own format: ${why}`;
}

const NONE = 'a run in a personal workspace is given no secrets.';

interface Chosen {
  readonly resolved: Resolved[];
  readonly local: ReadonlyMap<string, SecretValue>;
}

async function choose(engine: Engine, request: RunRequest, workspace: WorkspaceScope): Promise<Chosen> {
  if (workspace.visibility === 'personal') {
    if (request.selection.only === undefined) return { resolved: [], local: new Map() };
    throw new EscrowError('workspace-personal', `In ${titleOf(workspace)}, ${NONE}`);
  }
  const user = await userScope(engine.ledger.db, engine.user);
  const local = await readLocal(engine, request, [workspace, user]);
  const candidates: Candidate[] = [
    ...(await candidatesOf(engine, user)),
    ...(await candidatesOf(engine, workspace)),
    ...[...local.keys()].map((name) => ({ name, scope: 'local' as const, secretId: null, version: null })),
  ];
  const chosen = resolve(candidates, request.selection);
  // Nextflow's own store alone needs nothing from us, and is then best left where it is.
  const ours = request.selection.only !== undefined || chosen.some(({ scope }) => scope !== 'local');
  return { resolved: ours ? chosen : [], local };
}

/**
 * Nextflow reads one store only, so what the user keeps in their own has to come along; it is read only where there is
 * something of ours to add to it, so that a run without our secrets cannot fail on it.
 */
async function readLocal(
  engine: Engine,
  request: RunRequest,
  scopes: SecretScope[],
): Promise<Map<string, SecretValue>> {
  if (request.localStore === null || request.selection.none === true) return new Map();
  const counts = await Promise.all(
    scopes.map(async (scope) => (await engine.vault.versions(engine.ledger.db, scope)).length),
  );
  const wanted =
    request.selection.only === undefined
      ? counts.some((count) => count > 0)
      : request.selection.only.length > 0;
  return wanted ? readLocalStore(request.localStore) : new Map();
}

async function candidatesOf(engine: Engine, scope: SecretScope): Promise<Candidate[]> {
  const versions = await engine.vault.versions(engine.ledger.db, scope);
  return versions.map((version) => ({ ...version, scope: scope.kind }));
}

async function openAll(
  engine: Engine,
  resolved: readonly Resolved[],
  local: ReadonlyMap<string, SecretValue>,
): Promise<Map<string, SecretValue>> {
  const values = new Map<string, SecretValue>();
  for (const { name, secretId, version } of resolved) {
    const value =
      secretId === null || version === null ? local.get(name) : await engine.vault.open(secretId, version);
    if (value !== undefined) values.set(name, value);
  }
  return values;
}
