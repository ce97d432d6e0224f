import type { DoctorCheck } from '../../contract/types.ts';
import { accessOf } from '../session/access.ts';
import type { AwsSession, OpenSession } from '../session/session.ts';
import { failed, ok } from './report.ts';

/** Opens a session, reports its identity, and carries out checks with it. Never throws: without a session, that is reported. */
export async function checkSession(
  settings: Parameters<typeof accessOf>[0],
  open: OpenSession,
  checks: (session: AwsSession) => Promise<readonly DoctorCheck[]>,
): Promise<DoctorCheck[]> {
  let session: AwsSession;
  try {
    session = await open(accessOf(settings));
  } catch (error) {
    return [failed('credentials', error)];
  }
  const { arn, account } = session.identity;
  return [ok('credentials', `${arn}, account ${account}`), ...(await checks(session))];
}
