// The screens and actions of runs in a real browser, with runs of a real Nextflow.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { goTo, openPage, startBrowser, type TestBrowser } from '../../support/browser.ts';
import { newestRun } from '../../support/hostile.ts';
import { smallDisk } from '../../support/mounts.ts';
import { holdsNowhere, newCanary } from '../../support/page-canary.ts';
import { realNextflow, Sandbox, until } from '../../support/sandbox.ts';

/** ALIGN waits for a file and then prints the value of its secret, which Nextflow prints too. */
const PIPELINE = `
process ALIGN {
  tag "$sample"
  secret 'FOO_KEY'
  input:
  val sample
  output:
  stdout
  script:
  """
  while [ ! -e '\${launchDir}/go' ]; do sleep 0.1; done
  echo "aligned $sample with \\$FOO_KEY"
  """
}
process COUNT {
  input:
  val lines
  script:
  """
  true
  """
}
workflow {
  println 'first line'
  ALIGN(Channel.of('liver'))
  ALIGN.out.view()
  COUNT(ALIGN.out)
}
workflow.onComplete {
  println 'last line'
}
`;

interface Started {
  readonly box: Sandbox;
  readonly browser: TestBrowser;
  readonly page: Page;
  readonly canary: string;
}

/** Starts a run that waits, and opens the page. `prepare` gets the sandbox before its first command. */
async function start(
  t: Test,
  name: string,
  prepare: (box: Sandbox) => boolean = () => true,
): Promise<Started | undefined> {
  const nextflow = realNextflow(t);
  if (nextflow === undefined) return undefined;
  const browser = await startBrowser(t);
  if (browser === undefined) return undefined;
  const box = new Sandbox(t, nextflow);
  if (!prepare(box)) return undefined;
  const canary = newCanary();
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: canary });
  await box.escrow(['secrets', 'set', 'BAR_KEY'], { input: newCanary() });
  const pipeline = join(box.directory, 'pipeline');
  mkdirSync(pipeline);
  writeFileSync(join(pipeline, 'main.nf'), PIPELINE);
  const { status, stderr } = await box.escrow(['run', '--detach', pipeline, '-name', name]);
  t.equal(status, 0, stderr);
  const { page } = await openPage(box, browser);
  return { box, browser, page, canary };
}

/** Nextflow takes long to start and to end on a busy machine. */
const LONG = { timeout: 300_000 };
t.setTimeout(900_000);

const rowOf = (page: Page, table: string, text: string): Locator =>
  page.getByRole('table', { name: table, exact: true }).locator('tbody tr').filter({ hasText: text });

/** Opens a run from the list, and waits until its task waits. */
async function openLiveRun(page: Page, name: string): Promise<void> {
  await goTo(page, '#/runs');
  const run = rowOf(page, 'Runs', name);
  await run.getByText('Running', { exact: true }).waitFor(LONG);
  await run.getByRole('link').click();
  await rowOf(page, 'Progress by process', 'ALIGN').getByRole('img', { name: '1 running' }).waitFor(LONG);
}

const stateOf = (page: Page, label: string): Locator =>
  page.locator('.screen-head').getByText(label, { exact: true });

void t.test('follows a real run from its tasks to its receipt, and shows no value', async (t) => {
  const started = await start(t, 'curious_mendel');
  if (started === undefined) return;
  const { box, browser, page, canary } = started;
  await openLiveRun(page, 'curious_mendel');
  const address = page.url().replace(/^[^#]*/, '');
  await rowOf(page, 'Secrets of the run', 'FOO_KEY').getByText('ALIGN', { exact: true }).waitFor();
  await rowOf(page, 'Secrets of the run', 'BAR_KEY').getByText('None known').waitFor();
  const delivered = page.locator('.timeline').getByRole('listitem').filter({ hasText: 'run-directory' });
  t.notMatch(await delivered.textContent(), 'removed', 'a live run still has its secrets');

  const tab = (name: string): Promise<void> =>
    page.getByRole('navigation', { name: 'Run' }).getByRole('link', { name, exact: true }).click();
  await tab('Tasks');
  const align = rowOf(page, 'Tasks', 'ALIGN (liver)');
  await align.getByText('Running').waitFor();
  await align.getByText('FOO_KEY').waitFor();
  await tab('Log');
  const log = page.getByRole('log');
  await log.getByText('first line').waitFor(LONG);
  t.notMatch(await log.textContent(), 'last line');
  writeFileSync(join(box.launch, 'go'), '');
  await log.getByText('aligned liver with ***FOO_KEY***').waitFor(LONG);
  await log.getByText('last line').waitFor(LONG);
  await stateOf(page, 'Succeeded').waitFor(LONG);
  t.match(await page.title(), /^Succeeded: curious_mendel/);

  await tab('Tasks');
  await page.getByRole('button', { name: 'Completed 2' }).click();
  await rowOf(page, 'Tasks', 'COUNT').getByText('Completed').waitFor();
  await tab('Overview');
  await page.getByText(/Delivered .*, removed .* after the end of the run/).waitFor(LONG);
  await tab('Receipt');
  const found = rowOf(page, 'Exposed secrets', 'FOO_KEY');
  await found.getByText('ALIGN', { exact: true }).waitFor(LONG);
  await found
    .getByText(/\.command\.out$/)
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Check again now' }).click();
  const checks = page.getByRole('table', { name: 'Checks' });
  await checks.getByText('Absent').first().waitFor();
  t.equal(await checks.getByText('Present').count(), 0);

  await goTo(page, '#/workspaces/local/main/secrets');
  await page.getByRole('alert').getByText('Files of 1 run contain secret values').waitFor();
  const used = rowOf(page, 'Secrets', 'FOO_KEY');
  await used.getByText('ALIGN', { exact: true }).waitFor();
  t.equal(await used.getByRole('link', { name: /just now|ago/ }).getAttribute('href'), address);
  await used.getByRole('link', { name: 'FOO_KEY' }).click();
  const uses = page.getByRole('dialog', { name: 'FOO_KEY' }).locator('.uses');
  await uses.getByRole('link', { name: 'curious_mendel' }).waitFor();
  await uses.getByText('ALIGN', { exact: true }).waitFor();
  await page.keyboard.press('Escape');

  const { id } = await newestRun(box);
  await goTo(page, `#/audit?run=${id}`);
  await rowOf(page, 'Audit log', 'run.created').getByRole('link', { name: id }).waitFor();
  await holdsNowhere(t, page, browser, canary);
  t.same(browser.messages, [], 'no error, no violation of the policy');
});

void t.test('cancels a real run, and removes secrets whose removal failed', async (t) => {
  let disk: ReturnType<typeof smallDisk>;
  const started = await start(t, 'nimble_darwin', (box) => {
    box.env['NF_ESCROW_RUNS_DIR'] = join(box.directory, 'disk/runs');
    disk = smallDisk(t, join(box.directory, 'disk'), 4096);
    return disk !== undefined;
  });
  if (started === undefined) return;
  const { box, browser, page, canary } = started;
  await openLiveRun(page, 'nimble_darwin');
  const { id } = await newestRun(box);
  // Nextflow still writes its events, but nobody can remove the values.
  const secrets = join(box.directory, 'disk/runs', id, 'secrets');
  disk?.freeze(secrets);
  t.teardown(() => disk?.thaw(secrets));
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel run' }).click();
  await stateOf(page, 'Cancelled').waitFor(LONG);
  await page.getByText(/with secrets (is|are) not removed yet/).waitFor(LONG);
  await goTo(page, '#/runs');
  const warning = page.getByRole('alert').filter({ hasText: 'Secrets of 1 ended run are not removed yet' });
  await warning.getByRole('link', { name: 'nimble_darwin' }).click();
  disk?.thaw(secrets);
  await until('the secrets are removed', async () => {
    // The daemon retries too, and then there is no button.
    await page
      .getByRole('button', { name: 'Remove secrets now' })
      .click({ timeout: 500 })
      .catch(() => undefined);
    return (await newestRun(box)).state === 'purged';
  });
  await page.getByText(/not removed yet/).waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'Receipt', exact: true }).click();
  await page.getByText(/^(Nothing is left|Everything that nf-escrow delivered is removed)$/).waitFor();
  await page.getByRole('button', { name: 'Check again now' }).click();
  await page.getByRole('table', { name: 'Checks' }).getByText('Absent').first().waitFor();
  await goTo(page, `#/audit?run=${id}`);
  await rowOf(page, 'Audit log', 'run.cancel-requested').getByRole('link', { name: id }).waitFor();
  await holdsNowhere(t, page, browser, canary);
  t.same(box.filesWith(canary), [], 'no file contains the value');
  t.same(browser.messages, []);
});
