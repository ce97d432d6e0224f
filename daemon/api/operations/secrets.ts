import { assertMay, roleOf } from '../../access/policy.ts';
import { findWorkspace, titleOf, userScope, type SecretScope } from '../../access/scopes.ts';
import { assertSecretName } from '../../contract/secret-name.ts';
import { EscrowError } from '../../errors.ts';
import { secretValueFrom } from '../../vault/secret-bytes.ts';
import { importedValues } from '../../vault/transfer/imported-values.ts';
import { operation, type Operation } from '../routing/operation.ts';
import { VAULT_KEY, WORKSPACE } from './problem-groups.ts';
import type { Served } from '../served.ts';

/** Limit of a body with thousands of values in base64. */
export const IMPORT_MAX = 64 * 1024 * 1024;
const VALUE_MAX = 256 * 1024;

/** The secrets of one kind of scope, and how their operations are called. */
interface SecretsOf {
  readonly path: string;
  /** Part of the operation ids: `listSecrets`, `listUserSecrets`. */
  readonly word: '' | 'User';
  /** What the summaries call them. */
  readonly title: string;
  readonly scopeOf: (served: Served, params: Readonly<Record<string, string>>) => Promise<SecretScope>;
}

/** Operations on the secrets of a workspace and of the user. Values are write-only: no operation returns one. */
export const secretOperations: readonly Operation[] = [
  ...operationsOn({
    path: '/v1/workspaces/{organization}/{workspace}/secrets',
    word: '',
    title: 'of a workspace',
    scopeOf: ({ ledger }, { organization = '', workspace = '' }) =>
      findWorkspace(ledger.db, `${organization}/${workspace}`),
  }),
  ...operationsOn({
    path: '/v1/user/secrets',
    word: 'User',
    title: 'of the user',
    scopeOf: ({ ledger, user }) => userScope(ledger.db, user),
  }),
];

function operationsOn({ path, word, title, scopeOf }: SecretsOf): Operation[] {
  const secretPath: string = `${path}/{secret}`;
  const importPath: string = `${path}/import`;
  const find = word === '' ? WORKSPACE : [];
  const change = [...find, 'workspace-personal', 'not-permitted', 'name-invalid'] as const;
  const writableScope = async (
    served: Served,
    params: Readonly<Record<string, string>>,
  ): Promise<SecretScope> => {
    const scope = await scopeOf(served, params);
    // User secrets have no roles: only the user can reach them.
    if (scope.kind === 'workspace') assertMay(roleOf(served.user), 'change-secrets', titleOf(scope));
    return scope;
  };
  return [
    operation({
      id: `list${word}Secrets`,
      method: 'get',
      path,
      summary: `List the secrets ${title}`,
      description: 'Returns names, dates and the last use, never values.',
      responses: { 200: 'secret-list' },
      problems: find,
      handle: async (served, { params }) => ({
        status: 200,
        body: { secrets: await served.vault.list(await scopeOf(served, params)) },
      }),
    }),
    operation({
      id: `import${word}Secrets`,
      method: 'post',
      path: importPath,
      summary: `Set several secrets ${title}, all or none`,
      request: 'import-request',
      requestMax: IMPORT_MAX,
      responses: { 200: 'import-result' },
      problems: [...change, ...VAULT_KEY, 'value-invalid', 'import-conflict', 'import-invalid'],
      handle: async (served, { params, body: { secrets, onConflict } }) => {
        const scope = await writableScope(served, params);
        return {
          status: 200,
          body: await served.vault.setAll(served.user, scope, importedValues(secrets), onConflict),
        };
      },
    }),
    operation({
      id: `set${word}Secret`,
      method: 'put',
      path: secretPath,
      summary: `Set a secret ${title}`,
      description: 'The status is 201 for a new secret, and 200 for a new version of an existing one.',
      request: 'secret-input',
      requestMax: VALUE_MAX,
      responses: { 200: 'secret-version', 201: 'secret-version' },
      problems: [...change, ...VAULT_KEY, 'value-invalid'],
      handle: async (served, { params, body }) => {
        const { secret: name = '' } = params;
        assertSecretName(name);
        const bytes =
          body.valueBase64 === undefined
            ? bytesOf(name, body.value ?? '')
            : Buffer.from(body.valueBase64, 'base64');
        const scope = await writableScope(served, params);
        const { version, created } = await served.vault.set(
          served.user,
          scope,
          name,
          secretValueFrom(name, bytes),
        );
        return { status: created ? 201 : 200, body: { name, version } };
      },
    }),
    operation({
      id: `remove${word}Secret`,
      method: 'delete',
      path: secretPath,
      summary: `Remove a secret ${title}`,
      responses: { 204: null },
      problems: [...change, 'secret-not-found'],
      handle: async (served, { params }) => {
        const { secret = '' } = params;
        const scope = await writableScope(served, params);
        await served.vault.remove(served.user, scope, secret);
        return { status: 204, body: undefined };
      },
    }),
  ];
}

/** Encodes a value as UTF-8. JSON strings can contain unpaired surrogates, which UTF-8 cannot encode. */
function bytesOf(name: string, text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.toString('utf8') === text) return bytes;
  throw new EscrowError('value-invalid', `Cannot set ${name}: the value is not valid Unicode text.`);
}
