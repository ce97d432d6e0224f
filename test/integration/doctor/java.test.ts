import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { checkJava } from '../../../daemon/doctor/checks/java.ts';
import { findJava, javaMajor } from '../../../daemon/nextflow/launcher/java.ts';
import { until } from '../../support/sandbox.ts';
import { fakeJava, only, program, subjectIn } from '../../support/doctor-context.ts';

void t.test("finds the Java that Nextflow's launcher would start", async (t) => {
  const base = t.testdir({ empty: {}, file: '' });
  for (const home of ['own', 'command', 'home', 'path']) fakeJava(join(base, home, 'bin/java'), '17.0.1');
  const at = (home: string): string => join(base, home, 'bin/java');
  const env = {
    NXF_JAVA_HOME: join(base, 'own'),
    JAVA_CMD: at('command'),
    JAVA_HOME: join(base, 'home'),
    PATH: join(base, 'path/bin'),
  };
  t.same(findJava(env), { path: at('own'), from: 'NXF_JAVA_HOME' });
  t.same(findJava({ ...env, NXF_JAVA_HOME: '' }), { path: at('command'), from: 'JAVA_CMD' });
  const without = { ...env, NXF_JAVA_HOME: '', JAVA_CMD: join(base, 'file') };
  t.same(findJava(without), { path: at('home'), from: 'JAVA_HOME' }, 'JAVA_CMD is not executable');
  t.same(findJava({ ...without, JAVA_HOME: join(base, 'none') }), { path: at('path'), from: 'PATH' });
  t.same(findJava({ ...without, JAVA_HOME: join(base, 'file/x') }), { path: at('path'), from: 'PATH' });
  const stray = { ...env, NXF_JAVA_HOME: join(base, 'none') };
  t.same(findJava(stray), { path: at('path'), from: 'PATH' }, 'NXF_JAVA_HOME overrides JAVA_HOME');
  t.same(
    findJava({ ...env, NXF_JAVA_HOME: join(base, 'empty') }),
    { path: at('empty'), from: 'NXF_JAVA_HOME' },
    'does not skip a home without java',
  );
  program(join(base, 'home/jre/sh/java'), '');
  t.match(findJava(without), { path: join(base, 'home/jre/sh/java') });
  t.equal(findJava({ PATH: `:${join(base, 'empty')}:` }), undefined);
});

void t.test('reads the major version from both numbering schemes', async (t) => {
  t.same(['17.0.15', '25', '1.8.0_392', '11.0.2+9'].map(javaMajor), [17, 25, 8, 11]);
});

void t.test('accepts Java 17 or later, and rejects an older one or none', async (t) => {
  const base = t.testdir();
  const look = async (env: Record<string, string>): ReturnType<typeof checkJava> =>
    checkJava(subjectIn(base, { env: { PATH: '/usr/bin:/bin', ...env } }));
  for (const [version, state] of [
    ['17.0.15', 'ok'],
    ['21', 'ok'],
    ['11.0.2', 'failure'],
    ['1.8.0_392', 'failure'],
  ] as const) {
    const home = join(base, version);
    fakeJava(join(home, 'bin/java'), version);
    t.match(
      only(await look({ JAVA_HOME: home })),
      { state, found: version },
      `${version}, from java -version`,
    );
    program(join(home, 'bin/java'), '#!/bin/sh\ntouch "$0.was-started"\n');
    writeFileSync(join(home, 'release'), `IMPLEMENTOR="x"\nJAVA_VERSION="${version}"\n`);
    t.match(
      only(await look({ JAVA_HOME: home })),
      { state, found: version },
      `${version}, from its release file`,
    );
    t.notOk(existsSync(join(home, 'bin/java.was-started')), 'starts no JVM');
  }
  t.match(only(await look({ PATH: join(base, 'none') })), { state: 'failure', remedy: /Install Java 17/ });
  mkdirSync(join(base, 'empty'));
  t.match(only(await look({ JAVA_HOME: join(base, 'empty') })), { state: 'failure', remedy: /JAVA_HOME/ });
});

void t.test('kills a Java that hangs, and all that it started', async (t) => {
  const base = t.testdir();
  program(join(base, 'bin/java'), `#!/bin/sh\nsleep 987654 &\necho $! >${base}/pid\nwait\n`);
  execFileSync('mkfifo', [join(base, 'release')]); // a read of the release file would block
  const env = { JAVA_HOME: base, PATH: '/usr/bin:/bin' };
  const check = only(await checkJava(subjectIn(base, { env, limitMs: 300 })));
  t.match(check, { state: 'failure', found: /printed no version within 0.3 s/ });
  const pid = readFileSync(join(base, 'pid'), 'utf8').trim();
  const hasExited = (): true | undefined => {
    const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : ' Z ';
    return stat.includes(' Z ') || undefined;
  };
  t.ok(await until('its child has exited', hasExited));
});

void t.test("rejects a Java that this nextflow's launcher rejects", async (t) => {
  const base = t.testdir();
  const script =
    '#!/bin/bash\nNXF_VER=${NXF_VER:-\'24.10.0\'}\nversion_check="^(1.7|1.8)"\n  version_check="^(1.8|9|11|17|23)"\n';
  const nextflow = program(join(base, 'nextflow'), script);
  for (const [version, state] of [
    ['23.0.1', 'ok'],
    ['25.0.3', 'failure'],
  ] as const) {
    fakeJava(join(base, version, 'bin/java'), version);
    const env = { JAVA_HOME: join(base, version), PATH: '/usr/bin:/bin' };
    t.match(only(await checkJava(subjectIn(base, { env, nextflow }))), { state }, version);
  }
});
