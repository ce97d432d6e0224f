import t from 'tap';
import { isLaunchVariable, launchEnvironment } from '../../../daemon/launch/launch-environment.ts';

void t.test('passes what Nextflow needs, and no other variable of the shell', async (t) => {
  for (const name of [
    'PATH',
    'HOME',
    'JAVA_HOME',
    'NXF_HOME',
    'LC_ALL',
    'https_proxy',
    'HTTP_PROXY',
    'SLURM_CONF',
  ])
    t.ok(isLaunchVariable(name), name);
  for (const name of [
    ...['NODE_OPTIONS', 'BASH_ENV', 'LD_PRELOAD', 'PWD', 'SSH_AUTH_SOCK', 'GITHUB_TOKEN', 'DB_PASSWORD'],
    ...[
      'NXF_GITHUB_TOKEN',
      'NXF_PASSWORD',
      'NXF_TASK_WORKDIR',
      'SLURM_JOB_ID',
      'NF_ESCROW_RUN',
      'MY_PATH',
      'PATHS',
    ],
  ])
    t.notOk(isLaunchVariable(name), name);
});

void t.test('a daemon that was started in a task of a run passes on no variables of that run', async (t) => {
  const inherited = {
    NXF_SECRETS_FILE: '/run/store.json',
    NXF_PLUGINS_DEFAULT: 'nf-escrow@1',
    NXF_HOME: '/h',
  };
  t.same(launchEnvironment(inherited), inherited);
  t.same(launchEnvironment({ ...inherited, NF_ESCROW_RUN: '/run' }), { NXF_HOME: '/h' });
});

void t.test('variables of the compute environment override those of the daemon', async (t) => {
  t.same(launchEnvironment({ PATH: '/a', NXF_VER: '24.10.0' }, { NXF_VER: '25.10.0', ANY_NAME: 'x' }), {
    PATH: '/a',
    NXF_VER: '25.10.0',
    ANY_NAME: 'x',
  });
});
