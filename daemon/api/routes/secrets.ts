import express, { Router, type Request } from 'express';
import { assertMay, roleOf } from '../../access/policy.ts';
import type { Principal } from '../../access/principal.ts';
import { titleOf, type SecretScope } from '../../access/scopes.ts';
import { assertSecretName } from '../../contract/secret-name.ts';
import { validate } from '../../contract/validate.ts';
import { valuesOf } from '../../vault/transfer/import.ts';
import { EscrowError } from '../../errors.ts';
import { secretValueFrom } from '../../vault/secret-bytes.ts';
import type { Vault } from '../../vault/vault.ts';

/** Thousands of values at once, in base64. */
export const IMPORT_MAX = '64mb';

/** `…/secrets` of one scope: names and dates. A value goes in by PUT and never comes out. */
export function secretRoutes(
  vault: Vault,
  user: Principal,
  scopeOf: (request: Request) => Promise<SecretScope>,
): Router {
  const router = Router({ mergeParams: true });
  const changed = async (request: Request): Promise<SecretScope> => {
    const scope = await scopeOf(request);
    // A user's own secrets are theirs alone: there is no role in them.
    if (scope.kind === 'workspace') assertMay(roleOf(user), 'change-secrets', titleOf(scope));
    return scope;
  };
  router.get('/', async (request, response) => {
    response.json({ secrets: await vault.list(await scopeOf(request)) });
  });
  router.post('/import', express.json({ limit: IMPORT_MAX }), async (request, response) => {
    const { secrets, onConflict } = validate<'ImportRequest'>('import-request.json', request.body);
    response.json(await vault.setAll(user, await changed(request), valuesOf(secrets), onConflict));
  });
  router.put('/:secret', express.json({ limit: '256kb' }), async (request, response) => {
    const name = request.params.secret;
    assertSecretName(name);
    const input = validate<'SecretInput'>('secret-input.json', request.body);
    const bytes =
      input.valueBase64 === undefined
        ? bytesOf(name, input.value ?? '')
        : Buffer.from(input.valueBase64, 'base64');
    const scope = await changed(request);
    const { version, created } = await vault.set(user, scope, name, secretValueFrom(name, bytes));
    response.status(created ? 201 : 200).json({ name, version });
  });
  router.delete('/:secret', async (request, response) => {
    await vault.remove(user, await changed(request), request.params.secret);
    response.status(204).end();
  });
  return router;
}

/** JSON can hold halves of characters, which are no text and would become something else on their way. */
function bytesOf(name: string, text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.toString('utf8') === text) return bytes;
  throw new EscrowError('value-invalid', `The value of ${name} is not Unicode text.`);
}
