/** The header of a token: 32 bytes in base64url. */
const HEADER = /^Authorization: Bearer ([\w-]{43})\n$/;

/** Returns the content of the token file: a header, in the form that `curl -H @FILE` reads. */
export function formatHeader(token: string): string {
  return `Authorization: Bearer ${token}\n`;
}

/** Returns the token in the content of the token file, or undefined if that is not such a header. */
export function readHeader(content: string): string | undefined {
  return HEADER.exec(content)?.[1];
}
