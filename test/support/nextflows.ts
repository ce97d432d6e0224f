import type { Test } from 'tap';
import { realNextflow } from './sandbox.ts';

/**
 * The Nextflows that what depends on their inner workings is tried on: the one of every test, and those that
 * NF_ESCROW_TEST_NEXTFLOWS names (paths, colons between). The plugin is compiled against 24.10.0 and has to load in all.
 */
export function realNextflows(t: Test): string[] {
  const first = realNextflow(t);
  const more = (process.env['NF_ESCROW_TEST_NEXTFLOWS'] ?? '').split(':').filter((path) => path !== '');
  return [...new Set([...(first === undefined ? [] : [first]), ...more])];
}
