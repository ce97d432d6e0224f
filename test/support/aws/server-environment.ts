// A team server in its own process, whose workspace `lab/rna` has the compute environment `batch` on a fake AWS, and a user's sandbox.
import type { Test } from 'tap';
import { Sandbox, type Ended } from '../sandbox.ts';
import { TeamServer } from '../server/team-server.ts';
import type { StrictAws } from './strict-aws.ts';
import { ACCOUNT, QUEUE, REGION } from './test-aws.ts';

const SERVER_KEY = 'AKIDSERVER';
export const USER_KEY = 'AKIDUSER';

/** A server and a user who is signed in to it under the name `vault`. */
export interface ServerAndUser {
  readonly server: TeamServer;
  readonly box: Sandbox;
}

/**
 * Starts a server that may use the account of the fake AWS with other credentials than those of the user. The user has the given
 * Nextflow, or a fake.
 */
export async function startServerOn(t: Test, aws: StrictAws, nextflow?: string): Promise<ServerAndUser> {
  const server = new TeamServer(t, { awsAccounts: [{ account: ACCOUNT, endpoint: aws.endpoint }] });
  server.box.env['AWS_ACCESS_KEY_ID'] = SERVER_KEY;
  await server.init();
  await server.start();
  const box = new Sandbox(t, nextflow);
  box.env['NXF_PLUGINS_DEFAULT'] = 'true'; // runs on AWS Batch need the plugin
  box.env['AWS_ACCESS_KEY_ID'] = USER_KEY;
  const url = `https://localhost:${String(server.port)}`;
  const { caFile } = server.authority;
  await succeed(
    box.escrow(['login', url, '--token-stdin', '--ca-file', caFile, '--name', 'vault'], {
      input: server.token,
    }),
  );
  await succeed(box.escrow(['orgs', 'create', 'vault:lab']));
  await succeed(box.escrow(['workspaces', 'create', 'vault:lab/rna']));
  await succeed(box.escrow(createEnvironment()));
  return { server, box };
}

/** Returns the arguments that create the compute environment `batch` of `lab/rna`. */
export function createEnvironment(...more: string[]): string[] {
  return [
    ...['compute-envs', 'create', 'batch', '--workspace', 'lab/rna', '--platform', 'aws-batch'],
    ...['--region', REGION, '--queue', QUEUE, '--work-dir', 's3://nf-work/run'],
    ...['--execution-role', `arn:aws:iam::${ACCOUNT}:role/nf-escrow-lab-rna`, ...more],
  ];
}

async function succeed(command: Promise<Ended>): Promise<void> {
  const { status, stderr } = await command;
  if (status !== 0) throw new Error(stderr);
}
