const { api, inbox, phone: testPhone, code: testCode } = document.documentElement.dataset;

const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', follow);
follow();

const all = document.getElementById('all');
all.addEventListener('change', () => document.body.classList.toggle('all', all.checked));

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
show();
if (inbox) linkPages();

async function start() {
  skip.hidden = true;
  try {
    say('Asking for a code …');
    saveSession(await signIn(form.phone.value));
    await show();
  } catch (error) {
    say(error instanceof TypeError ? 'The API does not answer. Is the stack running?' : error.message);
    skip.hidden = !error.seconds;
    skip.value = error.seconds;
  }
}

/** Shows the operations, on the local stack with samples that succeed for the signed-in customer. */
async function show() {
  const url = `${api}/api/schema/`;
  ui = SwaggerUIBundle({
    ...(inbox ? { spec: withOwnSamples(await (await fetch(url)).json()) } : { url }),
    dom_id: '#docs',
    deepLinking: true,
    persistAuthorization: true,
    tryItOutEnabled: true,
    displayRequestDuration: true,
    defaultModelsExpandDepth: 0,
    docExpansion: 'list',
    ...(inbox && {
      onComplete: () => useSession(savedSession()),
      requestInterceptor: async (request) => Object.assign(await withOwnIds(request), { userFetch: fetchRenewed }),
    }),
  });
}

/** A second customer cannot have the e-mail address of the first, and a new one needs a new phone. */
function withOwnSamples(spec) {
  const phone = savedSession()?.phone ?? testPhone;
  const digits = String(Math.floor(Math.random() * 1e8)).padStart(8, '0');
  const own = { phone, email: `${phone.slice(1)}@example.com`, device: 'docs-page' };
  const fresh = { phone: `+2010${digits}`, email: `${digits}@example.com`, device: 'docs-page' };
  const sample = (value, { phone, email, device }) =>
    JSON.parse(
      JSON.stringify(value)
        .replaceAll('+201001234567', phone)
        .replaceAll('mona@example.com', email)
        .replaceAll(/fcm-registration-token|fGx1:APA91bH_example-token/g, device),
    );
  for (const operation of Object.values(spec.paths).flatMap(Object.values)) {
    const values = ['signup', 'availability'].includes(operation.operationId) ? fresh : own;
    for (const part of ['parameters', 'requestBody'])
      if (operation[part]) operation[part] = sample(operation[part], values);
  }
  spec.components.schemas = sample(spec.components.schemas, own);
  return spec;
}

const lists = { addresses: 'addresses', sessions: 'users/sessions', notifications: 'notifications' };
/** Puts the customer's own things in the place of those of the samples. */
async function withOwnIds(request) {
  const session = savedSession();
  if (!session) return request;
  if (typeof request.body === 'string') request.body = request.body.replaceAll('REFRESH_TOKEN', session.refresh);
  const [sample, noun] = request.url.match(/(addresses|sessions|notifications)\/4503599627370497(?=\/)/) ?? [];
  if (!sample) return request;
  const headers = { authorization: `Bearer ${session.access}` };
  const response = await fetchRenewed(`${api}/api/${lists[noun]}/`, { headers });
  const found = response.ok ? await response.json() : [];
  const last = (found.results ?? found).at(-1);
  if (last) request.url = request.url.replace(sample, `${noun}/${last.id}`);
  return request;
}

/** The way back to the other pages of the local stack. */
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

/** Asks for a code, reads it from the inbox of the local stack, and brings it back. */
async function signIn(phone) {
  const sent = await post('/api/sms/send-auth-otp/', { phone_number: phone, otp_type: 'customer_auth' });
  const messages = await fetch(`${inbox}/api/messages?to=${encodeURIComponent(sent.phone_number)}`);
  const sentCode = (await messages.json()).map(({ text }) => text.match(/\b\d{6}\b/)?.[0]).find(Boolean);
  const code = sent.phone_number === testPhone ? testCode : sentCode;
  const device = { registration_id: 'docs-page', type: 'web' };
  const { access, refresh, customer } = await post('/api/customers/authenticate/', {
    phone_number: phone,
    otp: code,
    device,
    language: 'en',
  });
  return { access, refresh, phone: customer.phone_number };
}

/** Signed in as long as the tab is open, reloads included. */
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

/** An access token that has expired is renewed when it is refused, as an app would: the stack's clock may have been moved. */
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
    sessionStorage.removeItem('session');
    say('The session has ended. Sign in again.');
    return response;
  }
}

let renewal;
/** A refresh token works once, so requests that are refused together share the new one. */
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
