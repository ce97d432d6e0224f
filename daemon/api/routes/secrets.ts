import { Router, type Request } from 'express';
import { validate } from '../../contract/validate.ts';
import { assertSecretName } from '../../contract/secret-name.ts';
import { secretValueFrom } from '../../vault/secret-bytes.ts';
import type { ScopeRow } from '../../vault/scopes.ts';
import type { Vault } from '../../vault/vault.ts';

/** `…/secrets` of one scope: names and dates. A value goes in by PUT and never comes out. */
export function secretRoutes(vault: Vault, scopeOf: (request: Request) => Promise<ScopeRow>): Router {
  const router = Router({ mergeParams: true });
  router.get('/', async (request, response) => {
    response.json({ secrets: await vault.list(await scopeOf(request)) });
  });
  router.put('/:secret', async (request, response) => {
    const name = request.params.secret;
    assertSecretName(name);
    const input = validate<'SecretInput'>('secret-input.json', request.body);
    const bytes =
      input.valueBase64 === undefined
        ? Buffer.from(input.value ?? '')
        : Buffer.from(input.valueBase64, 'base64');
    const version = await vault.set(await scopeOf(request), name, secretValueFrom(name, bytes));
    response.status(version === 1 ? 201 : 200).json({ name, version });
  });
  router.delete('/:secret', async (request, response) => {
    await vault.remove(await scopeOf(request), request.params.secret);
    response.status(204).end();
  });
  return router;
}
