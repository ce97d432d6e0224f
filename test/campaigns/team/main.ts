import { runAsProgram } from './run-as-program.ts';
import { runTeamCampaign, tableOf, violationsOf } from './team-campaign.ts';

await runAsProgram({ run: runTeamCampaign, tableOf, violationsOf, needs: 'root and PostgreSQL' });
