import { connect, createServer } from 'node:net';
import type { Test } from 'tap';
import type { PlatformUser, PlatformWorkspaceList } from '../../daemon/contract/types.ts';
import { listenOnLoopback } from './listen-on-loopback.ts';
import { Sandbox } from './sandbox.ts';

/** A daemon as clients of Seqera Platform see it. */
export interface Platform {
  readonly box: Sandbox;
  readonly userId: number;
  /** The workspace local/main. */
  readonly workspaceId: number;
}

/** Starts a daemon, and reads the ids of its user and of its workspace. */
export async function startPlatform(t: Test): Promise<Platform> {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  const { user } = JSON.parse((await box.http('GET', '/user-info')).text) as PlatformUser;
  const { text } = await box.http('GET', `/user/${String(user.id)}/workspaces`);
  const [first] = (JSON.parse(text) as PlatformWorkspaceList).orgsAndWorkspaces;
  if (first === undefined) throw new Error(`the daemon has no workspace: ${text}`);
  return { box, userId: user.id, workspaceId: first.workspaceId };
}

/** Forwards connections on a loopback port to the daemon's socket, for clients that need a URL. Returns the URL. */
export async function forwardToSocket(t: Test, socket: string): Promise<string> {
  const server = createServer((incoming) => {
    const outgoing = connect(socket);
    incoming.pipe(outgoing).pipe(incoming);
    for (const end of [incoming, outgoing]) end.on('error', () => end.destroy());
    incoming.on('close', () => outgoing.destroy());
    outgoing.on('close', () => incoming.destroy());
  });
  const port = await listenOnLoopback(server);
  t.teardown(() => server.close());
  return `http://127.0.0.1:${String(port)}`;
}
