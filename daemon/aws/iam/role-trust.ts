interface Statement {
  readonly Effect?: string;
  readonly Principal?: string | { readonly Service?: string | readonly string[] };
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** Operators that require the key to be present. With `IfExists`, a request without the key would pass. */
const BINDING = /^(StringEquals|StringLike|ArnEquals|ArnLike)$/;

/**
 * Returns whether a role's trust policy trusts a service: `none`, `own-account` if aws:SourceAccount or aws:SourceArn
 * limits it to this account, or `any-account` if the service may act for any account.
 */
export function trustIn(
  document: string,
  service: string,
  account: string,
): 'none' | 'any-account' | 'own-account' {
  let parsed: { Statement?: Statement | readonly Statement[] };
  try {
    parsed = JSON.parse(document) as typeof parsed;
  } catch {
    return 'none';
  }
  const statements = [parsed.Statement ?? []]
    .flat()
    .filter((one) => one.Effect === 'Allow' && trusts(one, service));
  if (statements.length === 0) return 'none';
  return statements.every((one) => isBound(one, account)) ? 'own-account' : 'any-account';
}

function trusts({ Principal }: Statement, service: string): boolean {
  if (typeof Principal === 'string') return Principal === '*';
  return [Principal?.Service ?? []].flat().includes(service);
}

function isBound({ Condition = {} }: Statement, account: string): boolean {
  return Object.entries(Condition).some(
    ([operator, pairs]) =>
      BINDING.test(operator) &&
      Object.entries(pairs).some(([key, value]) => {
        const values = [value].flat();
        if (/^aws:SourceAccount$/i.test(key)) return values.every((one) => one === account);
        return /^aws:SourceArn$/i.test(key) && values.every((one) => one.split(':')[4] === account);
      }),
  );
}
