import type { Request } from 'express';
import type { Precondition } from '../../contract/entity-tag.ts';
import { EscrowError } from '../../errors.ts';
import type { Operation, PreconditionHeader } from './operation.ts';

const HEADERS: readonly PreconditionHeader[] = ['If-Match', 'If-None-Match'];
const TAGS_MAX = 50;
/** RFC 9110, section 8.8.3. The tags of this API contain no other characters. */
const TAG = /^(W\/)?"([A-Za-z0-9_-]{1,64})"$/;

/**
 * Returns the preconditions of a request. Throws `request-invalid` for headers that are not valid or that the operation would
 * ignore, and `precondition-required`.
 */
export function readPrecondition(
  { method, preconditions = [], requiresPrecondition = false }: Operation,
  request: Request,
): Precondition {
  if (method === 'get') return {}; // nothing changes
  for (const header of HEADERS)
    if (request.get(header) !== undefined && !preconditions.includes(header))
      throw new EscrowError(
        'request-invalid',
        `${request.method} ${request.path} does not support the header ${header}.`,
        { hint: 'Send the request without this header.' },
      );
  const ifMatch = request.get('If-Match');
  const ifNoneMatch = request.get('If-None-Match');
  if (ifMatch === undefined && ifNoneMatch === undefined && requiresPrecondition)
    throw new EscrowError(
      'precondition-required',
      `${request.method} ${request.path} requires the header If-Match.`,
    );
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*')
    throw new EscrowError('request-invalid', 'The header If-None-Match must be `*`.', {
      hint: 'Send `If-None-Match: *` to create an object only if it does not exist.',
    });
  return {
    ...(ifMatch === undefined ? {} : { ifMatch: ifMatch === '*' ? ifMatch : tagsIn(ifMatch) }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch }),
  };
}

/** Returns the strong tags of a list. If-Match compares strongly, so that a weak tag never matches: RFC 9110, section 13.1.1. */
function tagsIn(header: string): string[] {
  const tags = header.split(',').map((text) => TAG.exec(text.trim()));
  if (tags.length > TAGS_MAX || tags.includes(null))
    throw new EscrowError('request-invalid', 'The header If-Match is not a list of entity tags.', {
      hint: 'Send the ETag header of the object in double quotes, for example If-Match: "3"',
    });
  return tags.flatMap((tag) => (tag?.[1] === undefined ? [tag?.[2] ?? ''] : []));
}
