import t from 'tap';
import { readServing } from '../../../daemon/cli/commands/daemon-run.ts';

void t.test('reads the options of the command that starts the daemon', (t) => {
  t.same(readServing([]), { tell: undefined, takeOver: false, stay: false });
  t.same(readServing(['--tell', '3', '--stay', '--take-over']), { tell: 3, takeOver: true, stay: true });
  for (const words of [['--tell'], ['--tell', 'x'], ['--tell', '-1'], ['--help'], ['x']])
    t.throws(() => readServing(words), { code: 'usage' }, words.join(' '));
  t.end();
});
