// Every file of the docs page is at an address that ends in a slash.
import { device, fillSamples, prepare, shorten } from '../samples.js/';

const { api, inbox, phone: testPhone, code: testCode } = document.documentElement.dataset;

const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', follow);
follow();

const form = document.getElementById('sign-in');
const skip = document.getElementById('skip');
form?.addEventListener('submit', (event) => {
  event.preventDefault();
  start();
});
skip?.addEventListener('click', async () => {
  await fetch(`${inbox}/api/clock`, { method: 'POST', body: JSON.stringify({ advance_seconds: Number(skip.value) }) });
  start();
});

let ui;
let shownPhone;
const all = document.getElementById('all');
all.addEventListener('change', () => {
  document.body.classList.toggle('all', all.checked);
  show();
});
show();
if (inbox) linkPages();

async function start() {
  skip.hidden = true;
  try {
    say('Signing in …');
    const session = await signIn(form.phone.value);
    saveSession(session);
    // Samples that are for this phone need not be filled in again, which takes a second.
    if (session.phone === shownPhone) useSession(session);
    else await show();
  } catch (error) {
    say(error instanceof TypeError ? 'The API does not answer. Is the stack running?' : error.message);
    skip.hidden = !error.seconds;
    skip.value = error.seconds;
  }
}

/** Shows the operations. On the local stack, the samples suit the signed-in customer. */
async function show() {
  const spec = await (await fetch(`${api}/api/schema/`)).json();
  if (!all.checked) shorten(spec);
  if (inbox) {
    shownPhone = savedSession()?.phone ?? testPhone;
    fillSamples(spec, shownPhone);
  }
  ui = SwaggerUIBundle({
    spec,
    dom_id: '#docs',
    deepLinking: true,
    persistAuthorization: true,
    tryItOutEnabled: true,
    displayRequestDuration: true,
    defaultModelsExpandDepth: 0,
    docExpansion: 'list',
    ...(inbox && {
      onComplete: () => useSession(savedSession()),
      requestInterceptor: async (request) => Object.assign(await prepared(request), { userFetch: send }),
    }),
  });
}

/** A request that cannot be prepared is sent as it is, and its response says why. */
async function prepared(request) {
  const session = savedSession();
  try {
    return await prepare(request, { session, signIn, readOtp, notify, call });
  } catch {
    return request;
  }
}

async function linkPages() {
  const { pages } = await (await fetch(`${inbox}/api/site`)).json();
  for (const { name, path } of pages.filter(({ name }) => name !== 'Docs')) {
    const link = Object.assign(document.createElement('a'), { href: inbox + path, textContent: name });
    document.querySelector('nav').append(link);
  }
}

function say(text) {
  form.querySelector('output').textContent = text;
}

/** Signs in with an OTP that it reads from the inbox of the local stack. */
async function signIn(phone, registration_id = device) {
  const otp = await readOtp(phone, () =>
    post('/api/sms/send-auth-otp/', { phone_number: phone, otp_type: 'customer_auth' }),
  );
  const { access, refresh, customer } = await post('/api/customers/authenticate/', {
    phone_number: phone,
    otp,
    device: { registration_id, type: 'web' },
    language: 'en',
  });
  return { access, refresh, phone: customer.phone_number, id: customer.id };
}

async function readOtp(phone, requestOtp) {
  const { phone_number: number = phone } = await requestOtp();
  if (number === testPhone) return testCode;
  const messages = await (await fetch(`${inbox}/api/messages?to=${encodeURIComponent(number)}`)).json();
  return messages.map(({ text }) => text.match(/\b\d{6}\b/)?.[0]).find(Boolean);
}

async function notify() {
  await fetch(`${inbox}/api/notifications`, {
    method: 'POST',
    body: JSON.stringify({ customer_id: savedSession().id }),
  });
}

/** Calls the API as the signed-in customer. */
async function call(method, path, body) {
  const { access } = savedSession() ?? {};
  const headers = { 'content-type': 'application/json', ...(access && { authorization: `Bearer ${access}` }) };
  const response = await fetchRenewed(`${api}${path}`, { method, headers, body: JSON.stringify(body) });
  return response.json();
}

/** Returns the session, which survives reloads and ends with the tab. */
function savedSession() {
  return JSON.parse(sessionStorage.getItem('session'));
}

function saveSession(session) {
  sessionStorage.setItem('session', JSON.stringify(session));
}

function useSession(session) {
  if (!session) return;
  saveSession(session);
  ui.preauthorizeApiKey('accessToken', session.access);
  form.phone.value = session.phone;
  say(`Signed in as ${session.phone}.`);
}

/** Sends a request of Swagger UI, and keeps up with what it does to the session. */
async function send(url, request) {
  const response = await fetchRenewed(url, request);
  const { pathname } = new URL(url, document.baseURI);
  if (!response.ok || !savedSession()) return response;
  if (/\/refresh-token\/?$/.test(pathname)) useSession({ ...savedSession(), ...(await response.clone().json()) });
  if (endsSession.test(pathname)) endSession('Signed out.');
  return response;
}

const endsSession = /\/(logout(-device|-all-devices)?|me\/delete|reset_password_v2)\/?$/;

function endSession(text) {
  sessionStorage.removeItem('session');
  ui.authActions.logout(['accessToken']);
  say(text);
}

/** Renews an access token that was rejected, because the stack's clock may have been moved. */
async function fetchRenewed(url, request) {
  const response = await fetch(url, request);
  const session = savedSession();
  if (
    response.status !== 401 ||
    (request.headers.Authorization ?? request.headers.authorization) !== `Bearer ${session?.access}`
  )
    return response;
  try {
    const { access } = await renewed(session);
    return await fetch(url, { ...request, headers: { ...request.headers, Authorization: `Bearer ${access}` } });
  } catch (error) {
    if (error instanceof TypeError) throw error;
    endSession('The session has ended. Sign in again.');
    return response;
  }
}

let renewal;
/** Refreshes the tokens once for all parallel requests, because a refresh token works once. */
function renewed(session) {
  renewal ??= post('/api/refresh-token/', { refresh: session.refresh })
    .then((tokens) => {
      useSession({ ...session, ...tokens });
      return tokens;
    })
    .finally(() => {
      renewal = undefined;
    });
  return renewal;
}

async function post(path, body) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${api}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  const answer = await response.json();
  if (response.ok) return answer;
  const seconds = response.headers.get('retry-after');
  const details = answer.errors.map(({ detail }) => detail);
  const text = [...details, ...(seconds ? [`Wait ${seconds} seconds.`] : [])].join(' ');
  throw Object.assign(new Error(text), { seconds });
}
