// The pages with which people sign in to a team server, accept an invitation and approve a terminal. They use the API only, so that
// another page can replace them. Texts from the server are inserted as text, never as HTML.
const content = document.querySelector('#content');
const message = document.querySelector('#message');
/** Keeps the secret of an invitation while the browser is at the identity provider. */
const INVITATION = 'nf-escrow invitation';
/** Keeps where the page of the server continues after the sign-in. That page sets it, too. */
const RETURN = 'nf-escrow.return';
let session;

/** Sends a request. Throws the problem document of a response without success. */
async function send(method, path, body) {
  const headers = { accept: 'application/json, application/problem+json' };
  if (session?.csrfToken) headers['x-csrf-token'] = session.csrfToken;
  if (body !== undefined) headers['content-type'] = 'application/json';
  const response = await fetch(path, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  const answer = text === '' ? undefined : JSON.parse(text);
  if (!response.ok) throw answer;
  return answer;
}

function element(name, text, properties = {}) {
  const created = Object.assign(document.createElement(name), properties);
  if (text !== undefined) created.textContent = text;
  return created;
}

function show(...elements) {
  message.textContent = '';
  content.replaceChildren(...elements);
}

function report(problem) {
  message.textContent = problem?.detail ? `${problem.detail} ${problem.hint}` : 'The server did not respond.';
}

/** Returns a button that is disabled while its action runs, so that no action runs twice. */
function button(text, action) {
  const created = element('button', text, { type: 'button' });
  created.addEventListener('click', async () => {
    created.disabled = true;
    message.textContent = '';
    try {
      await action();
    } catch (problem) {
      report(problem);
    } finally {
      created.disabled = false;
    }
  });
  return created;
}

function list(entries) {
  const created = element('dl');
  for (const [term, text] of entries) created.append(element('dt', term), element('dd', text));
  return created;
}

/** Takes the secret of a link from the address, so that it is not in the history. */
function takeSecret() {
  const secret = location.hash.slice(1);
  if (secret === '') return undefined;
  history.replaceState(undefined, '', location.pathname);
  return secret;
}

function providerButton(returnTo, recent = false) {
  return button(`Sign in with ${session.provider}`, async () => {
    const { location: address } = await send('POST', '/v1/sign-in/provider', { returnTo, recent });
    if (returnTo === 'sign-in' && sessionStorage.getItem(RETURN) === null) sessionStorage.setItem(RETURN, '');
    location.assign(address);
  });
}

function signInElements(returnTo, recent) {
  if (session.methods.includes('provider')) return [providerButton(returnTo, recent)];
  return [
    element('p', 'Ask an administrator of the server for a sign-in link, and open it in this browser.'),
  ];
}

/** Opens the page of the server, at the screen that required the sign-in. */
function openPage() {
  const screen = sessionStorage.getItem(RETURN) ?? '';
  sessionStorage.removeItem(RETURN);
  location.replace(`/${screen.startsWith('#/') ? screen : ''}`);
}

function showSignedIn() {
  const leave = async () => {
    await send('DELETE', '/v1/session');
    await start();
  };
  show(
    element(
      'p',
      session.user
        ? `You have signed in as ${session.user}.`
        : `You have signed in${session.email === null ? '' : ` as ${session.email}`}, but you have no account on this server yet. Open the link of your invitation.`,
    ),
    ...(session.user
      ? [
          element('p', 'To use the server in a terminal, run this command:'),
          element('pre', `nf-escrow login ${location.origin}`),
          button('Open nf-escrow', openPage),
        ]
      : []),
    button('Sign out', leave),
  );
}

function showSignIn() {
  const secret = takeSecret();
  if (secret !== undefined) {
    const use = async () => {
      session = await send('POST', '/v1/sign-in/link', { secret });
      openPage();
    };
    show(
      element('p', 'Sign in with the link that an administrator has sent to you.'),
      button('Sign in', use),
    );
  } else if (session.user && sessionStorage.getItem(RETURN) !== null) openPage();
  else if (session.csrfToken) showSignedIn();
  else show(...signInElements('sign-in'));
}

async function showInvitation() {
  const secret = takeSecret() ?? sessionStorage.getItem(INVITATION) ?? undefined;
  if (secret === undefined) {
    show(element('p', 'Open the link of the invitation.'));
    return;
  }
  const offer = await send('POST', '/v1/invitations/find', { secret });
  const entries = [
    ['For', offer.email],
    ['From', offer.invitedBy],
    ['Expires', new Date(offer.expires).toLocaleString()],
  ];
  if (offer.organization) entries.push(['Organization', `${offer.organization} (${offer.role})`]);
  const accept = async () => {
    session = await send('POST', '/v1/invitations/accept', { secret });
    sessionStorage.removeItem(INVITATION);
    showSignedIn();
  };
  if (offer.needsSignIn) sessionStorage.setItem(INVITATION, secret);
  show(
    list(entries),
    offer.needsSignIn ? providerButton('invitation') : button('Accept the invitation', accept),
  );
}

function showDevice() {
  if (!session.user) {
    show(...signInElements('device', true));
    return;
  }
  const input = element('input', undefined, {
    id: 'code',
    autocomplete: 'off',
    spellcheck: false,
    maxLength: 20,
  });
  const label = element('label', 'Code that your terminal shows', { htmlFor: 'code' });
  show(
    element('p', `You have signed in as ${session.user}.`),
    label,
    input,
    button('Continue', () => showLogin(input.value)),
  );
  input.focus();
}

async function showLogin(userCode) {
  const login = await send('POST', '/v1/device-authorizations/find', { userCode });
  const entries = [
    ['Host', login.hostName],
    ['Address', login.address ?? 'unknown'],
    ['Permissions', login.scopes.join(', ')],
    ['Requested', `${login.ageSeconds} seconds ago`],
  ];
  const warning = login.isOwnAddress
    ? 'Approve only a terminal in which you have just run nf-escrow login.'
    : 'The request comes from an IP address that differs from yours. Approve only a terminal in which you have just run nf-escrow login. If somebody sent you this code, deny the request.';
  const end = (text) => show(element('p', text));
  const approve = button('Approve', async () => {
    await send('POST', '/v1/device-authorizations/approve', { userCode });
    end('Approved. Return to your terminal.');
  });
  const deny = button('Deny', async () => {
    await send('POST', '/v1/device-authorizations/deny', { userCode });
    end('Denied. The terminal gets no access.');
  });
  const choices = session.isRecent
    ? [approve, deny]
    : [element('p', 'To approve this login, sign in again.'), ...signInElements('device', true), deny];
  show(list(entries), element('p', warning), ...choices);
}

async function start() {
  try {
    session = await send('GET', '/v1/session');
    const { page } = document.body.dataset;
    if (page === 'invitation') await showInvitation();
    else if (page === 'device') showDevice();
    else showSignIn();
  } catch (problem) {
    report(problem);
  }
}

// Somebody opens a link in a tab that already shows the page.
addEventListener('hashchange', () => {
  if (location.hash !== '') location.reload();
});
start();
