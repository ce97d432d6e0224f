import t from 'tap';
import { testSample } from './test-sample.ts';

void t.test('a run with secrets of a team server survives faults of daemon and replicas', (t) =>
  testSample(t, ['server', 'server aws']),
);
