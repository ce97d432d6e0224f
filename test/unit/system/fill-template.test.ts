import t from 'tap';
import { fillTemplate } from '../../../daemon/system/files/fill-template.ts';

void t.test('replaces each placeholder once, even if values look like placeholders', async (t) => {
  const values = { ENVIRONMENT: "A='@LOG@'", LOG: "'/srv/$&/@COMMAND@'", COMMAND: "'/opt/@LOG@'" };
  const text = fillTemplate('daemon-command.sh', values);
  for (const value of Object.values(values)) t.ok(text.includes(value), value);
  t.throws(() => fillTemplate('daemon-command.sh', { LOG: 'x', COMMAND: 'x' }), /ENVIRONMENT/);
});
