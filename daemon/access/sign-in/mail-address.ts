/** ASCII only: other letters have capital letters that become ASCII letters, so that two addresses could be taken for one. */
const ADDRESS = /^[!-?A-~]{1,64}@((?:[a-z0-9-]{1,63}\.)*[a-z0-9-]{1,63})$/;

/** Returns an address in the form in which addresses are compared: lower case. Undefined if it has another form. */
export function normalizeAddress(text: string): string | undefined {
  if (text.length > 254 || !/^[!-~]+$/.test(text)) return undefined;
  const address = text.toLowerCase();
  return ADDRESS.test(address) ? address : undefined;
}

/** Returns the domain of a normalized address. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}
