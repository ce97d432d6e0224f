/** What the Authorization header of a request contains. */
interface Authorization {
  /** `Bearer TOKEN`. */
  readonly token?: string;
  /** `Session ID`: a page names its session and does not send its token. */
  readonly session?: string;
}

/** Reads the Authorization header. A header that occurs twice counts as absent. */
export function readAuthorization(headers: readonly string[] | undefined): Authorization {
  if (headers?.length !== 1) return {};
  const [, scheme = '', value] = /^(Bearer|Session) +([\x21-\x7e]+) *$/i.exec(headers[0] ?? '') ?? [];
  if (value === undefined) return {};
  return scheme.toLowerCase() === 'bearer' ? { token: value } : { session: value };
}
