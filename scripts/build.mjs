// npm run build
import { ensureBuilt, ensureDependencies } from './set-up.mjs';
import { runDriver } from './steps.mjs';

runDriver(async () => {
  ensureDependencies();
  ensureBuilt();
});
