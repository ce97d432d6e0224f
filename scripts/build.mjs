// npm run build: builds the program, and the Nextflow plugins if a JDK and Maven are available.
import { ensureBuilt, ensureDependencies, ensurePlugin } from './set-up.mjs';
import { runDriver } from './steps.mjs';

runDriver(async () => {
  ensureDependencies();
  ensureBuilt();
  ensurePlugin();
});
