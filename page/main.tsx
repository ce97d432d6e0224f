import { render } from 'preact';
import { startAccess } from './access/start-access.ts';
import { startLive } from './api/live.ts';
import { startNotifications } from './api/notify.ts';
import { App } from './app/app.tsx';
import { startKeys } from './app/keys.ts';
import { startScrollPositions } from './app/scroll-position.ts';
import { startTheme } from './app/theme.ts';

const root = document.querySelector('#page');
if (root === null) throw new Error('index.html has no element for the page.');
startTheme();
startKeys();
startScrollPositions();
startLive();
startNotifications();
void startAccess();
render(<App />, root);
