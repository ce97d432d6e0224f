import express, { Router } from 'express';
import {
  createOrganization,
  getOrganization,
  listOrganizations,
  removeOrganization,
} from '../../access/organizations.ts';
import { roleOf } from '../../access/policy.ts';
import type { Principal } from '../../access/principal.ts';
import { findWorkspace } from '../../access/scopes.ts';
import {
  createWorkspace,
  describeWorkspace,
  listWorkspaces,
  removeWorkspace,
} from '../../access/workspaces.ts';
import { validate } from '../../contract/validate.ts';
import type { Ledger } from '../../ledger/open.ts';

/** Returns the routes below `/v1/workspaces`, except those for secrets. */
export function workspaceRoutes(ledger: Ledger, user: Principal): Router {
  const router = Router();
  router.use(express.json());
  router.get('/', async (_request, response) => {
    response.json({ workspaces: await listWorkspaces(ledger.db, user) });
  });
  router.post('/', async (request, response) => {
    const wanted = validate<'WorkspaceInput'>('workspace-input.json', request.body);
    response.status(201).json(await createWorkspace(ledger, user, wanted));
  });
  router.get('/:organization/:workspace', async ({ params }, response) => {
    const scope = await findWorkspace(ledger.db, `${params.organization}/${params.workspace}`);
    response.json(await describeWorkspace(ledger.db, user, scope));
  });
  router.delete('/:organization/:workspace', async ({ params }, response) => {
    const scope = await findWorkspace(ledger.db, `${params.organization}/${params.workspace}`);
    await removeWorkspace(ledger, user, scope);
    response.status(204).end();
  });
  router.get('/:organization/:workspace/members', async ({ params }, response) => {
    await findWorkspace(ledger.db, `${params.organization}/${params.workspace}`);
    response.json({ members: [{ user: user.user, role: roleOf(user) }] });
  });
  return router;
}

/** Returns the routes below `/v1/organizations`. */
export function organizationRoutes(ledger: Ledger, user: Principal): Router {
  const router = Router();
  router.use(express.json());
  router.get('/', async (_request, response) => {
    response.json({ organizations: await listOrganizations(ledger.db) });
  });
  router.post('/', async (request, response) => {
    const { name } = validate<'OrganizationInput'>('organization-input.json', request.body);
    response.status(201).json(await createOrganization(ledger, user, name));
  });
  router.get('/:name', async ({ params }, response) => {
    response.json(await getOrganization(ledger.db, params.name));
  });
  router.delete('/:name', async ({ params }, response) => {
    await removeOrganization(ledger, user, params.name);
    response.status(204).end();
  });
  return router;
}
