import { HEAD_PROFILE } from '../../aws/session/head-profile.ts';
import type { ComputeEnvironment } from '../../contract/types.ts';
import type { NextflowConfiguration } from '../store.ts';

/**
 * Returns the Nextflow configuration of a run on AWS Batch. Region and execution role are fixed: ECS reads secrets
 * only in its own region and only with that role.
 */
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
