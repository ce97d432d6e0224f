// A small campaign; `npm run fuzz:api` generates thousands of requests, over the socket and over TCP.
import t from 'tap';
import { runApiCampaign } from './api-campaign.ts';
import { skipUnlessRequired } from '../../support/skip-unless-required.ts';

const schemathesis = process.env['NF_ESCROW_TEST_SCHEMATHESIS'];

for (const over of ['socket', 'tcp'] as const)
  void t.test(`schemathesis finds no fault in the API over ${over}`, async (t) => {
    if (schemathesis === undefined) {
      skipUnlessRequired(t, 'schemathesis is not installed');
      return;
    }
    const campaign = { schemathesis, over, examples: 3, seed: 18, phases: 'examples,fuzzing' };
    const { status, output, statuses } = await runApiCampaign(t, campaign, (line) => {
      t.comment(line);
    });
    t.equal(status, 0, output);
    t.ok(
      Object.keys(statuses).some((each) => each.startsWith('2')),
      'some requests succeeded',
    );
  });
