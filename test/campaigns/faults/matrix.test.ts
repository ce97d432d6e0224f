import t from 'tap';
import { isOfTeam, stores } from './cell.ts';
import { testSample } from './test-sample.ts';

void t.test('a run with any fault leaves no secrets and reports its true outcome', (t) =>
  testSample(
    t,
    stores.filter((store) => !isOfTeam(store)),
  ),
);
