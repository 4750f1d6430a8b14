const { api, inbox } = document.documentElement.dataset;

const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', follow);
follow();

const ui = SwaggerUIBundle({
  url: `${api}/api/schema/`,
  dom_id: '#docs',
  deepLinking: true,
  persistAuthorization: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  ...(inbox && {
    onComplete: () => useSession(savedSession()),
    requestInterceptor: (request) => Object.assign(request, { userFetch: fetchRenewed }),
  }),
});

const form = document.getElementById('sign-in');
form?.addEventListener('submit', async (event) => {
  event.preventDefault();
  try {
    say('Asking for a code …');
    useSession(await signIn(form.phone.value));
  } catch (error) {
    say(error instanceof TypeError ? 'The API does not answer. Is the stack running?' : error.message);
  }
});

if (inbox) linkPages();

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
  const code = (await messages.json()).map(({ text }) => text.match(/\b\d{6}\b/)?.[0]).find(Boolean);
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

function useSession(session) {
  if (!session) return;
  sessionStorage.setItem('session', JSON.stringify(session));
  ui.preauthorizeApiKey('accessToken', session.access);
  form.phone.value = session.phone;
  say(`Signed in as ${session.phone}.`);
}

/** An access token that has expired is renewed when it is refused, as an app would: the stack's clock may have been moved. */
async function fetchRenewed(url, request) {
  const response = await fetch(url, request);
  const session = savedSession();
  if (response.status !== 401 || request.headers.Authorization !== `Bearer ${session?.access}`) return response;
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
  throw new Error([...details, ...(seconds ? [`Wait ${seconds} seconds.`] : [])].join(' '));
}
