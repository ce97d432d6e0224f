import t from 'tap';
import { fillTemplate } from '../../../daemon/system/files/fill-template.ts';

void t.test('replaces each placeholder once, even if values look like placeholders', async (t) => {
  const values = { NODE: "'/opt/@PROGRAM@/node'", PROGRAM: "'/srv/$&/@NODE@'" };
  const text = fillTemplate('nextflow.sh', values);
  t.ok(text.includes(values.NODE) && text.includes(values.PROGRAM));
  t.throws(() => fillTemplate('nextflow.sh', { NODE: 'x' }), /PROGRAM/);
});
