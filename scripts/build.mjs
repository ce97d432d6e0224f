// npm run build: the program, and the plugin where there is a JDK and Maven.
import { ensureBuilt, ensureDependencies, ensurePlugin } from './set-up.mjs';
import { runDriver } from './steps.mjs';

runDriver(async () => {
  ensureDependencies();
  ensureBuilt();
  ensurePlugin();
});
