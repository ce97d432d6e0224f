import { Command } from 'commander';
import t from 'tap';
import {
  addPlatformOptions,
  assertOwnSettings,
  readPlatforms,
  readSettings,
  summarize,
  type PlatformOptions,
} from '../../../daemon/cli/commands/compute-envs/platform-options.ts';

const option = (key: string) => ({
  ...{ key, name: key, description: `the ${key}`, isFlag: false, isRequired: true, placeholder: 'X' },
});
const one: PlatformOptions = {
  ...{ platform: 'aws-batch', key: 'aws', summary: '{queue} in {region}' },
  options: [option('region'), option('queue')],
};
const other: PlatformOptions = { ...one, platform: 'hpc', options: [option('region'), option('zone')] };

void t.test('adds an option that platforms share once', async (t) => {
  const command = addPlatformOptions(new Command('create'), [one, other]);
  t.same(
    command.options.map(({ long }) => long),
    ['--region', '--queue', '--zone'],
  );
  t.equal(command.options[0]?.description, 'aws-batch: the region; hpc: the region');
  t.same(readSettings(other, { region: 'r', zone: 'z', queue: undefined }), { region: 'r', zone: 'z' });
  assertOwnSettings([one, other], other, ['region', 'zone'], 'x');
  t.throws(() => {
    assertOwnSettings([one, other], other, ['region', 'queue'], 'x');
  }, /Cannot set queue of .*: the setting requires platform aws-batch\./);
  t.throws(() => {
    assertOwnSettings([one, other], undefined, ['region'], 'x');
  }, /Cannot set region of .*: the setting requires platform aws-batch or hpc\./);
});

void t.test("summarizes a platform's settings with the template of its schema", async (t) => {
  const aws = { region: 'eu-west-1', queue: 'spot', workDir: 's3://lab', executionRole: 'arn' };
  const { own } = readPlatforms();
  t.equal(summarize(own, { platform: 'aws-batch', aws }), 'spot in eu-west-1');
  t.equal(summarize(own, { platform: 'hpc' }), '-');
});
