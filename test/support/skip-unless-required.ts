import type { Test } from 'tap';

/** Skips a test for which something is missing on this machine. Fails it in CI, where `npm test` sets NF_ESCROW_TEST_REQUIRE. */
export function skipUnlessRequired(t: Pick<Test, 'fail' | 'pass'>, missing: string): void {
  if (process.env['NF_ESCROW_TEST_REQUIRE'] === '1') t.fail(`${missing}, and CI requires it`);
  else t.pass('skipped', { skip: missing });
}
