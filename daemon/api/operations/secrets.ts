import { permitted, roleReader } from '../../access/permissions.ts';
import type { AnyRole } from '../../access/policy.ts';
import { findUserScope, findWorkspace, userScope, type SecretScope } from '../../access/scopes.ts';
import { assertSecretName } from '../../contract/secret-name.ts';
import { isMaskable } from '../../redaction/needles/needles.ts';
import { secretHolders } from '../../runs/records/secret-holders.ts';
import { listSecretUses } from '../../runs/records/secret-uses.ts';
import { findSecret, pageOfSecrets, tagOfVersion } from '../../vault/list-secrets.ts';
import { searchSecrets } from '../../vault/search-secrets.ts';
import { listHistory } from '../../vault/secret-history.ts';
import { encodeValue, secretValueFrom } from '../../vault/secret-bytes.ts';
import { conflictRuleOf, examineImport, requestedValues } from '../../vault/transfer/requested-import.ts';
import { operation, type Call, type Operation } from '../routing/operation.ts';
import { pageIn } from './page-limits.ts';
import { VAULT_KEY, WORKSPACE } from './problem-groups.ts';
import type { Served } from '../served.ts';

/** Limit of a body with thousands of values in base64. */
export const IMPORT_MAX = 64 * 1024 * 1024;
const VALUE_MAX = 256 * 1024;
const USES_DEFAULT = 100;

/** The secrets of one kind of scope, and how their operations are called. */
interface SecretsOf {
  readonly path: string;
  /** Part of the operation ids: `listSecrets`, `listUserSecrets`. */
  readonly word: '' | 'User';
  /** What the summaries call them. */
  readonly title: string;
  /** Returns the scope without writing, so that secrets can be listed while the disk is full. */
  readonly scopeOf: ScopeOf;
  readonly scopeToChange: ScopeOf;
}

type ScopeOf = (served: Served, call: Calling) => Promise<SecretScope>;

type Calling = Pick<Call, 'params' | 'principal' | 'grant'>;

/** Operations on the secrets of a workspace and of the user. Values are write-only: no operation returns one. */
export const secretOperations: readonly Operation[] = [
  operation({
    id: 'searchSecrets',
    method: 'get',
    path: '/v1/secrets',
    summary: 'Search for secrets by name, in all workspaces and the scope of the user',
    permission: 'pipeline_secrets:read',
    description: 'Returns names, dates and the last use, never values.',
    query: 'secret-search-query',
    responses: { 200: 'secret-search' },
    problems: ['cursor-invalid'],
    handle: async ({ ledger }, { query, principal }) => {
      const { items, ...next } = await searchSecrets(ledger.db, principal, { ...query, ...pageIn(query) });
      const titles = items.flatMap(({ workspace }) => (workspace === null ? [] : [workspace]));
      const roleIn = await roleReader(ledger.db, principal, titles);
      const found = items.map((one) => {
        const role = one.workspace === null ? 'owner' : roleIn(one.workspace);
        return { ...one, secret: permitted(principal, role, 'secret', one.secret) };
      });
      return { status: 200, body: { found, ...next } };
    },
  }),
  ...operationsOn({
    path: '/v1/workspaces/{organization}/{workspace}/secrets',
    word: '',
    title: 'of a workspace',
    scopeOf: findWorkspaceOf,
    scopeToChange: findWorkspaceOf,
  }),
  ...operationsOn({
    path: '/v1/user/secrets',
    word: 'User',
    title: 'of the user',
    scopeOf: ({ ledger }, { principal }) => findUserScope(ledger.db, principal),
    scopeToChange: ({ ledger }, { principal }) => userScope(ledger.db, principal),
  }),
];

async function findWorkspaceOf(
  { ledger }: Served,
  { params: { organization = '', workspace = '' }, principal, grant }: Calling,
): Promise<SecretScope> {
  if (grant?.workspace !== undefined) {
    const { id, visibility } = grant.workspace;
    return { id, kind: 'workspace', organization, name: workspace, visibility };
  }
  return findWorkspace(ledger.db, `${organization}/${workspace}`, principal);
}

/** Returns the role of a principal with regard to a scope: people own their own secrets, and the user of a daemon owns everything. */
function roleFor({ grant }: Calling, scope: SecretScope): AnyRole {
  return scope.kind === 'user' ? 'owner' : (grant?.role ?? 'owner');
}

function operationsOn({ path, word, title, scopeOf, scopeToChange }: SecretsOf): Operation[] {
  const secretPath: string = `${path}/{secret}`;
  const holdersPath: string = `${secretPath}/holders`;
  const usesPath: string = `${secretPath}/uses`;
  const historyPath: string = `${secretPath}/history`;
  const importPath: string = `${path}/import`;
  const find = word === '' ? WORKSPACE : [];
  const change = [...find, 'workspace-personal', 'not-permitted', 'name-invalid', 'limit-exceeded'] as const;
  const readPermission = word === '' ? 'pipeline_secrets:read' : 'user_secrets:read';
  const writePermission = word === '' ? 'pipeline_secrets:write' : 'user_secrets:write';
  return [
    operation({
      id: `list${word}Secrets`,
      permission: readPermission,
      method: 'get',
      path,
      summary: `List the secrets ${title}`,
      description: 'Returns names, dates and the last use, never values.',
      query: 'page-query',
      responses: { 200: 'secret-list' },
      problems: [...find, 'cursor-invalid'],
      handle: async (served, call) => {
        const { query, principal } = call;
        const scope = await scopeOf(served, call);
        const { items, ...next } = await pageOfSecrets(served.ledger.db, scope, pageIn(query));
        const role = roleFor(call, scope);
        const secrets = items.map((one) => permitted(principal, role, 'secret', one));
        return { status: 200, body: { secrets, ...next } };
      },
    }),
    operation({
      id: `get${word}Secret`,
      permission: readPermission,
      method: 'get',
      path: secretPath,
      summary: `Get the metadata of a secret ${title}`,
      description: 'The ETag is the version. The value is never returned.',
      tagged: true,
      responses: { 200: 'secret' },
      problems: [...find, 'secret-not-found'],
      handle: async (served, call) => {
        const { params, principal } = call;
        const scope = await scopeOf(served, call);
        const found = await findSecret(served.ledger.db, scope, params['secret'] ?? '');
        return {
          status: 200,
          body: permitted(principal, roleFor(call, scope), 'secret', found),
          etag: tagOfVersion(found.version),
        };
      },
    }),
    operation({
      id: `import${word}Secrets`,
      permission: writePermission,
      method: 'post',
      path: importPath,
      summary: `Set several secrets ${title} in one transaction`,
      description:
        'With `preview`, validates names and values and returns the effect of the import, without changing anything. If the import would fail, the preview fails with the same error. In the preview of a text, `refused` lists the entries that cannot be imported.',
      query: 'import-query',
      request: 'import-request',
      requestMax: IMPORT_MAX,
      repeatable: 200,
      responses: { 200: 'import-result' },
      problems: [
        ...[...change, ...VAULT_KEY],
        ...(['value-invalid', 'import-conflict', 'import-invalid'] as const),
        ...(['precondition-failed', 'request-unprocessable'] as const),
      ],
      handle: async (served, call) => {
        const { query, body, remember, principal } = call;
        const scope = await scopeToChange(served, call);
        const { vault } = served;
        if (query.preview === true) {
          const { values, refused } = examineImport(body);
          const preview = await vault.previewAll(scope, [...values.keys()], body.onConflict);
          return { status: 200, body: { ...preview, ...(refused.length === 0 ? {} : { refused }) } };
        }
        const values = requestedValues(body);
        return {
          status: 200,
          body: await vault.setAll(principal, scope, values, conflictRuleOf(body), remember),
        };
      },
    }),
    operation({
      id: `set${word}Secret`,
      permission: writePermission,
      method: 'put',
      path: secretPath,
      summary: `Set a secret ${title}`,
      description: 'The status is 201 for a new secret, and 200 for a new version of an existing one.',
      request: 'secret-input',
      requestMax: VALUE_MAX,
      tagged: true,
      preconditions: ['If-Match', 'If-None-Match'],
      responses: { 200: 'secret-version', 201: 'secret-version' },
      problems: [...change, ...VAULT_KEY, 'value-invalid'],
      handle: async (served, call) => {
        const { params, body, precondition, principal } = call;
        const { secret: name = '' } = params;
        assertSecretName(name);
        const bytes =
          body.valueBase64 === undefined
            ? encodeValue(name, body.value ?? '')
            : Buffer.from(body.valueBase64, 'base64');
        const scope = await scopeToChange(served, call);
        const value = secretValueFrom(name, bytes);
        const { version, created } = await served.vault.set(principal, scope, name, value, precondition);
        return {
          status: created ? 201 : 200,
          body: { name, version, maskable: isMaskable(value) },
          etag: tagOfVersion(version),
        };
      },
    }),
    operation({
      id: `list${word}SecretHolders`,
      permission: readPermission,
      method: 'get',
      path: holdersPath,
      summary: `List the runs that hold a value of a secret ${title}`,
      description:
        'Lists the runs to which the secret is currently delivered, with the delivered version. The list is empty if there are no such runs or if the secret does not exist.',
      responses: { 200: 'secret-holder-list' },
      problems: find,
      handle: async (served, call) => {
        const { secret = '' } = call.params;
        const scope = await scopeOf(served, call);
        return { status: 200, body: await secretHolders(served.ledger.db, scope, secret) };
      },
    }),
    operation({
      id: `list${word}SecretUses`,
      permission: readPermission,
      method: 'get',
      path: usesPath,
      summary: `List the runs and processes that used a secret ${title}`,
      description:
        'Lists deliveries to runs, newest first, and the processes whose tasks received the secret. Includes the uses of removed secrets with this name.',
      query: 'page-query',
      responses: { 200: 'secret-use-list' },
      problems: [...find, 'cursor-invalid'],
      handle: async (served, call) => {
        const { params, query } = call;
        const { secret = '' } = params;
        const scope = await scopeOf(served, call);
        const page = pageIn(query, USES_DEFAULT);
        return { status: 200, body: await listSecretUses(served.ledger.db, scope, secret, page) };
      },
    }),
    operation({
      id: `list${word}SecretHistory`,
      permission: readPermission,
      method: 'get',
      path: historyPath,
      summary: `List the versions of a secret ${title}, without values`,
      description:
        'Lists the versions, newest first, with the principals who set each version and removed the secret. Includes removed secrets with this name. The list is empty if there are no versions.',
      query: 'page-query',
      responses: { 200: 'secret-history' },
      problems: [...find, 'cursor-invalid'],
      handle: async (served, call) => {
        const { params, query } = call;
        const { secret = '' } = params;
        const scope = await scopeOf(served, call);
        const page = pageIn(query, USES_DEFAULT);
        return { status: 200, body: await listHistory(served.ledger.db, scope, secret, page) };
      },
    }),
    operation({
      id: `remove${word}Secret`,
      permission: writePermission,
      method: 'delete',
      path: secretPath,
      summary: `Remove a secret ${title}`,
      preconditions: ['If-Match'],
      responses: { 204: null },
      problems: [...change, 'secret-not-found'],
      handle: async (served, call) => {
        const { params, precondition, principal } = call;
        const { secret = '' } = params;
        const scope = await scopeToChange(served, call);
        await served.vault.remove(principal, scope, secret, precondition);
        return { status: 204, body: undefined };
      },
    }),
  ];
}
