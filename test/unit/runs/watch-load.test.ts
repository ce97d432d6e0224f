import t from 'tap';
import { WatchLoad } from '../../../daemon/runs/watch/watch-load.ts';

void t.test('answers requests between the work of watches that are due together', async (t) => {
  const load = new WatchLoad({ monotonic: () => 0 }, () => 3);
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    load.takeTurn(() => {
      order.push('first watch');
      setImmediate(() => order.push('request'));
    });
    load.takeTurn(() => order.push('second watch'));
    load.takeTurn(() => {
      order.push('third watch');
      load.takeTurn(resolve); // work may ask for another turn
    });
  });
  t.same(order, ['first watch', 'request', 'second watch', 'third watch']);
});
