import { errorTable, type ErrorCode } from '../../errors.ts';
import { detailOf, type ErrorForm } from '../routing/error-form.ts';

/** Statuses that clients of Seqera Platform know, and those of this service itself. */
const KEPT: readonly number[] = [400, 401, 403, 405, 409, 429];

/**
 * Errors as Seqera Platform reports them: `{"message": …}`, with few statuses. An object that does not exist is answered like
 * one that the caller may not see.
 */
export const platformErrors: ErrorForm = {
  mediaType: 'application/json',
  schema: 'platform-error',
  statusOf: (code) => {
    const { http } = errorTable[code];
    if (isHidden(code)) return 403;
    if (code === 'name-invalid' || code === 'value-invalid') return 400;
    // The vault cannot be used. That is not a fault of the request.
    if (http === 422 || http === 423) return 503;
    return http >= 500 || KEPT.includes(http) || code === 'not-found' ? http : 400;
  },
  bodyOf: (error) => ({
    message: isHidden(error.code) ? 'Forbidden' : `${detailOf(error)} ${error.hint}`,
  }),
};

/** Whether the error says that an object does not exist, or that the caller has no permission. */
function isHidden(code: ErrorCode): boolean {
  return code === 'not-permitted' || (errorTable[code].http === 404 && code !== 'not-found');
}
