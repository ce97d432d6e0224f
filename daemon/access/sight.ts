import type { Permission } from '../contract/types.ts';
import type { VisibleEvents } from '../ledger/audit.ts';
import type { PlacedEvent } from '../ledger/journal.ts';
import type { Queries } from '../ledger/ledger.ts';
import { assertCurrent } from './assert-current.ts';
import { authorizeList } from './authorize.ts';
import { permittedOrganizations, permittedTitles } from './permitted-objects.ts';
import { SERVER_PLACE } from './places.ts';
import type { Principal, TeamPrincipal } from './principal.ts';

/**
 * What a principal may see of the journal at one moment: events of runs in workspaces where it may read runs; other events of
 * workspaces and organizations where it may read the audit log; its own events that concern only itself; for administrators,
 * events of the server.
 */
export class Sight {
  readonly #by: TeamPrincipal;
  readonly #runs: ReadonlySet<string>;
  readonly #audited: ReadonlySet<string>;

  private constructor(by: TeamPrincipal, runs: ReadonlySet<string>, audited: ReadonlySet<string>) {
    this.#by = by;
    this.#runs = runs;
    this.#audited = audited;
  }

  /** Reads what a principal may see now. Throws `unauthenticated`, `not-permitted`. */
  static async read(db: Queries, by: TeamPrincipal): Promise<Sight> {
    await authorizeList(db, by, 'runs:read');
    const runs = await titlesOf(db, by, 'runs:read');
    const audited = new Set(await auditedPlaces(db, by));
    return new Sight(by, runs, audited);
  }

  sees({ event, place }: PlacedEvent): boolean {
    if (place === null) return event.run === null && event.by === this.#by.user && seesItself(this.#by);
    return event.run === null ? this.#audited.has(place) : this.#runs.has(place);
  }
}

/** Returns what a principal may see in the audit log; undefined: everything. Throws `unauthenticated`. */
export async function visibleEvents(db: Queries, by: Principal): Promise<VisibleEvents | undefined> {
  if (by.kind === 'machine') return undefined;
  return { places: await auditedPlaces(db, by), own: seesItself(by) ? by.user : null };
}

/** Returns the places whose events a principal may read in the audit log. */
async function auditedPlaces(db: Queries, by: TeamPrincipal): Promise<readonly string[]> {
  const { isAdministrator } = await assertCurrent(db, by);
  const isRestricted = by.token !== undefined && by.token.workspaceId !== null;
  return [
    ...(await titlesOf(db, by, 'audit:read')),
    ...(await organizationsOf(db, by)),
    ...(isAdministrator && !isRestricted ? [SERVER_PLACE] : []),
  ];
}

/** Whether a principal may see events that concern only itself, such as changes of the user's secrets. */
function seesItself(by: TeamPrincipal): boolean {
  return by.kind === 'user' && (by.token === undefined || by.token.workspaceId === null);
}

async function titlesOf(
  db: Queries,
  by: TeamPrincipal,
  permission: Permission,
): Promise<ReadonlySet<string>> {
  return new Set((await permittedTitles(db, by, permission).execute()).map(({ title }) => title));
}

/** Returns the organizations whose members a principal may change: it may also see who changed them. */
async function organizationsOf(db: Queries, by: TeamPrincipal): Promise<readonly string[]> {
  const rows = await permittedOrganizations(db, by, 'organization_members:write')
    .select('organizations.name')
    .execute();
  return rows.map(({ name }) => name);
}
