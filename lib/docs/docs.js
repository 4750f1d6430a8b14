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
});

const form = document.getElementById('sign-in');
form?.addEventListener('submit', async (event) => {
  event.preventDefault();
  const say = (text) => {
    form.querySelector('output').textContent = text;
  };
  try {
    say('Asking for a code …');
    say(`Signed in as ${await signIn(form.phone.value)}.`);
  } catch (error) {
    say(error.message);
  }
});

/** Asks for a code, reads it from the inbox of the local stack, and brings it back. */
async function signIn(phone) {
  const sent = await post('/api/sms/send-auth-otp/', { phone_number: phone, otp_type: 'customer_auth' });
  const messages = await fetch(`${inbox}/api/messages?to=${encodeURIComponent(sent.phone_number)}`);
  const code = (await messages.json()).map(({ text }) => text.match(/\b\d{6}\b/)?.[0]).find(Boolean);
  const device = { registration_id: 'docs-page', type: 'web' };
  const { access, customer } = await post('/api/customers/authenticate/', {
    phone_number: phone,
    otp: code,
    device,
    language: 'en',
  });
  ui.preauthorizeApiKey('accessToken', access);
  return customer.phone_number;
}

async function post(path, body) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${api}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.errors.map(({ detail }) => detail).join(' '));
  return answer;
}
