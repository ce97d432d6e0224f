// Compute environments of a workspace on a team server, and what the server holds for a run, in the page of the server.
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import t from 'tap';
import type { ReleaseReceipt, ServerEnvironmentList } from '../../../daemon/contract/types.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import { ACCOUNT, REGION, startAws } from '../../support/aws/test-aws.ts';
import { goTo } from '../../support/browser.ts';
import { holdsNowhere } from '../../support/page-canary.ts';
import { until } from '../../support/sandbox.ts';
import { ENVIRONMENT, isAccessible, TeamPage } from '../../support/team-page.ts';

t.setTimeout(900_000);

const SCREEN = '#/workspaces/lab/rna/compute-envs';
const dialog = (page: Page) => page.getByRole('dialog');

/** Moves the focus to a button with the keyboard, and presses it. */
async function pressWithTab(page: Page, name: string): Promise<void> {
  for (let times = 0; times < 100; times += 1) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate<string>(
      'document.activeElement.getAttribute("aria-label") ?? document.activeElement.innerText',
    );
    if (focused.trim() !== name) continue;
    await page.keyboard.press('Enter');
    return;
  }
  throw new Error(`the focus does not reach ${name}`);
}

void t.test('creates a compute environment with the keyboard, shows it and removes it', async (t) => {
  const team = await TeamPage.start(t);
  if (team === undefined) return;
  const list = async (): Promise<ServerEnvironmentList['computeEnvironments']> =>
    (await team.must<ServerEnvironmentList>('viewer', 'GET', '/v1/workspaces/lab/rna/compute-envs'))
      .computeEnvironments;
  const page = await team.open('owner', SCREEN);
  await page.getByRole('heading', { name: 'No compute environments yet' }).waitFor();
  await pressWithTab(page, 'Create compute environment');
  await dialog(page).waitFor();
  const create = dialog(page).getByRole('button', { name: 'Create compute environment' });
  t.ok(await create.isDisabled(), 'the settings are required');
  const { region, queue, workDir } = ENVIRONMENT.aws;
  const foreign = 'arn:aws:iam::999999999999:role/other';
  for (const text of ['batch', region, queue, workDir, foreign]) {
    await page.keyboard.type(text);
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Enter'); // in the field of the KMS key
  await dialog(page).getByRole('alert').getByText('Cannot use account 999999999999').waitFor();
  await page.getByLabel('Execution role', { exact: true }).fill(ENVIRONMENT.aws.executionRole);
  await page.getByLabel('AWS secrets', { exact: true }).selectOption('per-secret');
  await page.getByText('Use a terminal instead').click();
  const command = (await dialog(page).locator('.command code').textContent()) ?? '';
  for (const text of ['compute-envs create batch', ENVIRONMENT.aws.executionRole, '--layout per-secret'])
    t.ok(command.includes(text), `${command} contains ${text}`);
  await create.click();
  await dialog(page).waitFor({ state: 'detached' });
  t.match(await list(), [{ name: 'batch', aws: { ...ENVIRONMENT.aws, layout: 'per-secret' } }]);

  await page.getByRole('link', { name: 'batch', exact: true }).click();
  for (const text of [queue, workDir, ENVIRONMENT.aws.executionRole, 'One for each secret of a run'])
    await page.locator('main').getByText(text, { exact: true }).waitFor();
  await page.getByText(`run --workspace localhost:lab/rna --compute-env batch main.nf`).waitFor();
  await page.getByRole('link', { name: 'Compute environments of lab/rna' }).click();

  await page.getByRole('button', { name: 'Actions for batch' }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await dialog(page).getByRole('button', { name: 'Remove compute environment' }).click();
  await page.getByRole('heading', { name: 'No compute environments yet' }).waitFor();
  t.same(await list(), []);

  await team.environment();
  await page.getByRole('link', { name: 'batch', exact: true }).waitFor(); // shown without a reload
  await goTo(page, '#/workspaces/lab/rna/compute-envs/absent');
  await page.getByRole('alert').getByText('has no compute environment "absent"').waitFor();
});

/** Waits until AWS has a number of secrets. */
async function secretsIn(aws: StrictAws, count: number): Promise<string[]> {
  return until(`${String(count)} secrets exist`, async () => {
    const found = await aws.secrets();
    return found.length === count ? found : undefined;
  });
}

void t.test('shows what the server holds for a run, its removal, and the receipt', async (t) => {
  const aws = await startAws(t);
  if (aws === undefined) return;
  const team = await TeamPage.start(t, {}, { awsAccounts: [{ account: ACCOUNT, endpoint: aws.endpoint }] });
  if (team === undefined) return;
  const value = await team.set('DB_PASSWORD');
  await team.environment();
  const { run, end } = await team.deliver(['DB_PASSWORD']);
  t.same(await aws.secrets(), [`nf-escrow/lab.rna/${run}`]);
  const arn = new RegExp(`^arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:nf-escrow/lab\\.rna/${run}`);

  const owner = await team.open('owner', SCREEN);
  await owner.getByRole('button', { name: 'Actions for batch' }).click();
  await owner.getByRole('menuitem', { name: 'Remove' }).click();
  await dialog(owner).getByRole('button', { name: 'Remove compute environment' }).click();
  await dialog(owner).getByRole('alert').getByText(`the server holds secrets of run ${run} in it`).waitFor();
  await owner.close();

  const page = await team.open('viewer', `#/runs/${run}`);
  await page.evaluate(axe.source);
  const main = page.locator('main');
  await main.getByText('This server, in the compute environment batch').waitFor();
  await main.getByText('Held', { exact: true }).waitFor();
  await main.getByText(`nf-escrow/lab.rna/${run}`).first().waitFor();
  await main.getByText(arn).first().waitFor();
  await main.getByText(/^(in \d+ hours|tomorrow), unless the daemon reports before$/).waitFor();
  await isAccessible(t, page, 'held');

  aws.rules.denied.add('secretsmanager:DeleteSecret');
  await end();
  await main.getByText('Removing', { exact: true }).first().waitFor(); // without a reload
  await main.getByText('The last attempt failed').waitFor();
  await main.getByText('not authorized to perform: secretsmanager:DeleteSecret').first().waitFor();
  await isAccessible(t, page, 'removing');
  aws.rules.denied.clear();
  await secretsIn(aws, 0);
  await main.getByText('Everything that the server delivered is removed').waitFor();
  await main.getByText('not found twice').waitFor();
  await main.getByText('The run has ended', { exact: true }).waitFor();
  await main.getByText(arn).first().waitFor();
  t.equal(await main.getByText('unless the daemon reports before').count(), 0, 'it expires no more');
  await isAccessible(t, page, 'removed');
  const receipt = await team.must<ReleaseReceipt>('viewer', 'GET', `/v1/releases/${run}/receipt`);
  t.match(receipt, { complete: true, delivery: { objects: [{ target: arn }] } });
  t.equal((await team.send('outsider', 'GET', `/v1/releases/${run}/receipt`)).status, 404);
  await holdsNowhere(t, page, team.browser, value);
});
