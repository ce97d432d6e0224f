import type { Test } from 'tap';
import { realNextflow } from './sandbox.ts';

/**
 * Returns the Nextflows for tests that depend on Nextflow's internals: the one of all tests, and those in
 * NF_ESCROW_TEST_NEXTFLOWS (paths separated by colons). The plugin is compiled against 24.10.0 and must load in all.
 */
export function realNextflows(t: Test): string[] {
  const first = realNextflow(t);
  const more = (process.env['NF_ESCROW_TEST_NEXTFLOWS'] ?? '').split(':').filter((path) => path !== '');
  return [...new Set([...(first === undefined ? [] : [first]), ...more])];
}
