import { render } from 'preact';
import { daemonConnection } from './access/daemon-connection.ts';
import { startAccess } from './access/start-access.ts';
import { startLive } from './api/live.ts';
import { startNotifications } from './api/notify.ts';
import { countHolders } from './api/secrets.ts';
import { App } from './app/app.tsx';
import { startKeys } from './app/keys.ts';
import { usePaletteEntries } from './app/palette-entries.ts';
import { screenFor } from './app/screens.tsx';
import { startScrollPositions } from './app/scroll-position.ts';
import { Sidebar } from './app/sidebar.tsx';
import { startTheme } from './app/theme.ts';
import { WarningBanner } from './app/warning-banner.tsx';
import { welcomeTexts } from './app/welcome-texts.ts';
import { setProduct } from './product.ts';
import { daemonKinds } from './screens/audit/daemon-kinds.ts';
import { SecretUses } from './screens/secrets/secret-uses.tsx';

const root = document.querySelector('#page');
if (root === null) throw new Error('index.html has no element for the page.');
setProduct({
  connection: daemonConnection,
  welcome: welcomeTexts,
  offline: 'The daemon does not answer. Reconnecting… This screen shows the last known state.',
  Banner: WarningBanner,
  hasOwnSecrets: true,
  auditKinds: daemonKinds,
  auditOptions: [],
  noWorkspaces: { text: 'Create one to start.', command: 'nf-escrow workspaces create local/main' },
  ...{ Sidebar, screenFor, usePaletteEntries, SecretUses, countHolders },
});
startTheme();
startKeys();
startScrollPositions();
startLive();
startNotifications();
void startAccess();
render(<App />, root);
