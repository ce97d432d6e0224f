/** Returns a preference that this browser keeps. Undefined without storage. */
export function readStored(name: string): string | undefined {
  try {
    return localStorage.getItem(`nf-escrow.${name}`) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a preference in this browser; undefined removes it. */
export function store(name: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(`nf-escrow.${name}`);
    else localStorage.setItem(`nf-escrow.${name}`, value);
  } catch {
    // without storage, the preference lasts until the page is closed
  }
}

/** Parses a stored list of texts. Another program may have used this address before, and stored anything. */
export function parseList(text: string | undefined): readonly string[] {
  try {
    const list: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(list) ? list.filter((one) => typeof one === 'string') : [];
  } catch {
    return [];
  }
}
