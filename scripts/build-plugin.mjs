// npm run build:plugin: builds the Nextflow plugins, and fails without a JDK and Maven.
import { ensurePlugin } from './set-up.mjs';
import { runDriver } from './steps.mjs';

runDriver(async () => {
  if (!ensurePlugin()) throw new Error('The plugin needs a JDK (17 or later) and Maven.');
});
