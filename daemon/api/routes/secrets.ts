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

/** Room for thousands of values in base64. */
export const IMPORT_MAX = '64mb';

/** Returns the routes below `…/secrets` of one scope. Values are write-only: PUT sets them, and no route returns them. */
export function secretRoutes(
  vault: Vault,
  user: Principal,
  scopeOf: (request: Request) => Promise<SecretScope>,
): Router {
  const router = Router({ mergeParams: true });
  const writableScope = async (request: Request): Promise<SecretScope> => {
    const scope = await scopeOf(request);
    // User secrets have no roles: only the user can reach them.
    if (scope.kind === 'workspace') assertMay(roleOf(user), 'change-secrets', titleOf(scope));
    return scope;
  };
  router.get('/', async (request, response) => {
    response.json({ secrets: await vault.list(await scopeOf(request)) });
  });
  router.post('/import', express.json({ limit: IMPORT_MAX }), async (request, response) => {
    const { secrets, onConflict } = validate<'ImportRequest'>('import-request.json', request.body);
    response.json(await vault.setAll(user, await writableScope(request), valuesOf(secrets), onConflict));
  });
  router.put('/:secret', express.json({ limit: '256kb' }), async (request, response) => {
    const name = request.params.secret;
    assertSecretName(name);
    const input = validate<'SecretInput'>('secret-input.json', request.body);
    const bytes =
      input.valueBase64 === undefined
        ? bytesOf(name, input.value ?? '')
        : Buffer.from(input.valueBase64, 'base64');
    const scope = await writableScope(request);
    const { version, created } = await vault.set(user, scope, name, secretValueFrom(name, bytes));
    response.status(created ? 201 : 200).json({ name, version });
  });
  router.delete('/:secret', async (request, response) => {
    await vault.remove(user, await writableScope(request), request.params.secret);
    response.status(204).end();
  });
  return router;
}

/** Encodes a value as UTF-8. JSON strings can contain unpaired surrogates, which UTF-8 cannot encode. */
function bytesOf(name: string, text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.toString('utf8') === text) return bytes;
  throw new EscrowError('value-invalid', `Cannot set ${name}: the value is not valid Unicode text.`);
}
