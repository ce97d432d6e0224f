import { runAsProgram } from '../team/run-as-program.ts';
import { runDeliveriesCampaign, tableOf, violationsOf } from './deliveries-campaign.ts';

await runAsProgram({
  ...{ run: runDeliveriesCampaign, tableOf, violationsOf },
  needs: 'root, PostgreSQL and moto',
});
