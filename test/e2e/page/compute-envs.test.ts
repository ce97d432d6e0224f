// The screen of a compute environment in a real browser: settings, checks, IAM policies.
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { PolicyList } from '../../../daemon/contract/types.ts';
import { goTo, openPage, startBrowser } from '../../support/browser.ts';
import { Sandbox } from '../../support/sandbox.ts';

void t.test('shows settings, and checks the machine again on request', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  const directory = join(box.directory, 'shared');
  mkdirSync(directory, { mode: 0o777 });
  chmodSync(directory, 0o777);
  const environment = { GREETING: '<b>hello</b>' };
  await box.http('POST', '/v1/compute-envs', {
    ...{
      name: 'cluster',
      platform: 'hpc',
      executor: 'slurm',
      runsDirectory: join(directory, 'runs'),
      environment,
    },
  });
  const { page } = await openPage(box, browser);
  await goTo(page, '#/compute-envs');
  await page.getByRole('link', { name: 'cluster' }).click();
  await page.getByText('slurm').first().waitFor();
  await page.getByText('GREETING=<b>hello</b>').waitFor();
  const checks = page.getByRole('list', { name: 'Checks' }).getByRole('listitem');
  const failed = checks.filter({ hasText: directory }).filter({ hasText: 'Failure' });
  await failed.first().waitFor();
  t.match(await failed.first().locator('.remedy').textContent(), 'chmod', 'with its remedy');
  t.match(await checks.first().textContent(), 'Failure', 'failures come first');
  chmodSync(directory, 0o700);
  await page.getByRole('button', { name: 'Run again' }).click();
  await failed.first().waitFor({ state: 'detached' });
  t.equal(await page.getByRole('heading', { name: 'IAM policies' }).count(), 0);
  t.same(browser.messages, []);
});

void t.test('shows IAM policies to copy, each with the identity to which it is attached', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  const aws = {
    ...{ region: 'eu-west-1', queue: 'spot', workDir: 's3://lab-work/nextflow', profile: 'absent' },
    executionRole: 'arn:aws:iam::123456789012:role/execution',
  };
  await box.http('POST', '/v1/compute-envs', { name: 'batch', platform: 'aws-batch', aws });
  const { page } = await openPage(box, browser);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await goTo(page, '#/compute-envs/batch');
  const name = 'secrets-policy-execution-role.json';
  const policy = page.getByRole('article').filter({ hasText: name });
  await policy.getByText('Attach it to the execution role').waitFor();
  const copied = async (query: string): Promise<void> => {
    await policy.getByRole('button', { name: `Copy ${name}` }).click();
    await policy.getByRole('button', { name: 'Copied' }).waitFor();
    const { text } = await box.http('GET', `/v1/compute-envs/batch/policies${query}`);
    const expected = (JSON.parse(text) as PolicyList).policies.find((one) => one.name === name)?.document;
    t.same(JSON.parse(await page.evaluate<string>('navigator.clipboard.readText()')), expected);
  };
  await copied('?workspace=local/main');
  await page.getByRole('button', { name: 'All workspaces' }).click();
  await policy.getByText('local.main').waitFor({ state: 'detached' });
  await copied('');
});
