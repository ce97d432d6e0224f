import type { AwsSettings, DoctorCheck } from '../../contract/types.ts';
import { assertTakesSecrets } from '../batch/queue.ts';
import type { OpenSession } from '../session/session.ts';
import { checkDeadMan } from './check-dead-man.ts';
import { checkExecutionRole } from './check-execution-role.ts';
import { checkLauncher } from './check-launcher.ts';
import { checkSession } from './check-session.ts';
import { attempt, ok } from './report.ts';
import type { Launcher } from './required-permissions.ts';

/**
 * Checks with AWS what a compute environment needs: valid credentials of the right account, a queue whose jobs can
 * receive secrets, an execution role that ECS can assume, and every required action. Actions are simulated where that
 * is permitted, otherwise probed with requests that change nothing. Never throws: a check that cannot be carried out
 * is reported as failed.
 */
export async function checkAws(
  settings: AwsSettings,
  open: OpenSession,
  launcher: Launcher,
): Promise<DoctorCheck[]> {
  return checkSession(settings, open, async (session) => [
    await attempt('job queue', async () => {
      await assertTakesSecrets(session, settings);
      return ok('job queue', `${settings.queue} in ${settings.region} accepts jobs with secrets`);
    }),
    ...(await checkExecutionRole(session, settings, launcher)),
    ...(await checkDeadMan(session, settings, launcher)),
    ...(await checkLauncher(session, settings, launcher)),
  ]);
}
