interface Statement {
  readonly Effect?: string;
  readonly Principal?: string | { readonly Service?: string | readonly string[] };
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** Operators that hold a key to a value; with `IfExists` a request without it would pass. */
const BINDING = /^(StringEquals|StringLike|ArnEquals|ArnLike)$/;

/**
 * What a role's trust policy says of a service: `none`, `any-account` where it trusts it on behalf of whoever asks it, or
 * `own-account`, by aws:SourceAccount or aws:SourceArn.
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
