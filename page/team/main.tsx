import { render } from 'preact';
import { startLive } from '../api/live.ts';
import { App } from '../app/app.tsx';
import { startKeys } from '../app/keys.ts';
import { startScrollPositions } from '../app/scroll-position.ts';
import { startTheme } from '../app/theme.ts';
import { setProduct } from '../product.ts';
import { startTeamAccess, teamConnection } from './access/team-session.ts';
import { countReleases } from './api/releases.ts';
import { usePaletteEntries } from './app/palette-entries.ts';
import { screenFor } from './app/screens.tsx';
import { Sidebar } from './app/sidebar.tsx';
import { RemovalBanner } from './app/removal-banner.tsx';
import { teamKinds } from './screens/team-kinds.ts';
import { SecretReleases } from './screens/runs/secret-releases.tsx';

const root = document.querySelector('#page');
if (root === null) throw new Error('index.html has no element for the page.');
setProduct({
  connection: teamConnection,
  welcome: {
    unreachable: {
      title: 'The server does not answer',
      text: 'Check the network connection. This page reconnects when the server answers again.',
    },
  },
  offline: 'The server does not answer. Reconnecting… This screen shows the last known state.',
  Banner: RemovalBanner,
  hasOwnSecrets: false,
  auditKinds: teamKinds,
  auditOptions: [`--server=${location.hostname}`],
  noWorkspaces: { text: 'Ask an owner or admin of your organization to add you to one.' },
  SecretUses: SecretReleases,
  countHolders: countReleases,
  ...{ Sidebar, screenFor, usePaletteEntries },
});
startTheme();
startKeys();
startScrollPositions();
startLive();
startTeamAccess();
render(<App />, root);
