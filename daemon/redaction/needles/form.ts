import type { ExposureEncoding } from '../../contract/types.ts';

/** A value in one encoding. */
export interface Form {
  readonly encoding: ExposureEncoding;
  readonly bytes: Buffer;
}
