import t from 'tap';
import { isRunDirectoryName, newProbeId, newRunId } from '../../../daemon/contract/run-id.ts';

void t.test('creates run ids that sort by day and contain 80 random bits', async (t) => {
  const ids = Array.from({ length: 2000 }, () => newRunId('2026-11-28T10:00:00.000Z'));
  t.ok(ids.every((id) => /^r20261128[0-9a-z]{16}$/.test(id)));
  t.equal(new Set(ids).size, ids.length);
  const largest = ids.map((id) => BigInt(parseInt(id.slice(9, 17), 36)));
  t.ok(
    largest.some((value) => value > 0n),
    'the upper bits are used',
  );
  t.ok(newRunId('2026-11-27T23:59:59.000Z') < (ids[0] ?? ''));
});

void t.test('recognizes directories of new and old runs and of probes, and no others', async (t) => {
  for (const name of [newRunId(new Date().toISOString()), newProbeId(), 'r20260105kx7q2m00'])
    t.ok(isRunDirectoryName(name), name);
  for (const name of [
    'r2026',
    'r20260105kx7q2m0',
    'r20260105kx7q2m000',
    'rprobe12',
    'x',
    'R20260105kx7q2m00',
    'r20260105kx7q2m0/',
  ])
    t.notOk(isRunDirectoryName(name), name);
});
