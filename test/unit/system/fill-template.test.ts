import t from 'tap';
import { fillTemplate } from '../../../daemon/system/files/fill-template.ts';

void t.test('fills each placeholder once, whatever the values hold', async (t) => {
  const values = { NODE: "'/opt/@PROGRAM@/node'", PROGRAM: "'/srv/$&/@NODE@'" };
  const text = fillTemplate('nextflow.sh', values);
  t.ok(text.includes(values.NODE) && text.includes(values.PROGRAM));
  t.throws(() => fillTemplate('nextflow.sh', { NODE: 'x' }), /PROGRAM/);
});
