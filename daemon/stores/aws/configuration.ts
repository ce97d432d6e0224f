import { HEAD_PROFILE } from '../../aws/session/head-profile.ts';
import type { ComputeEnvironment } from '../../contract/types.ts';
import type { NextflowConfiguration } from '../store.ts';

/** What a run on AWS Batch needs in its configuration. ECS reads secrets of its own region and with its own role only. */
export function awsBatchConfiguration({ aws: settings }: ComputeEnvironment): NextflowConfiguration {
  if (settings === undefined) return { values: {}, fixed: [] };
  return {
    values: {
      'process.executor': 'awsbatch',
      'process.queue': settings.queue,
      workDir: settings.workDir,
      'aws.region': settings.region,
      'aws.profile': settings.assumeRole === undefined ? settings.profile : HEAD_PROFILE,
      'aws.batch.executionRole': settings.executionRole,
    },
    fixed: ['aws.region', 'aws.batch.executionRole'],
  };
}
