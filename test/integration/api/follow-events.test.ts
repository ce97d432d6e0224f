// The client of the event streams.
import t from 'tap';
import { followEvents } from '../../../daemon/api-client/follow-events.ts';
import { Sandbox } from '../../support/sandbox.ts';

void t.test(
  'yields the events of a run until it is purged, and reports that a run does not exist',
  async (t) => {
    const box = new Sandbox(t);
    await box.escrow(['run', 'true']);
    const { runs } = JSON.parse((await box.http('GET', '/v1/runs')).text) as { runs: { id: string }[] };
    const follow = async (run: string): Promise<string[]> => {
      const types: string[] = [];
      const wake = (): Promise<void> => Promise.reject(new Error('The client reconnects.'));
      for await (const { type } of followEvents([box.socket], run, wake)) types.push(type);
      return types;
    };
    const types = await follow(String(runs[0]?.id));
    t.match([types[0], types.at(-1)], ['run.created', 'run.purged']);
    await t.rejects(follow('r20261129a1b2c3d4'), { code: 'run-not-found' });
  },
);
