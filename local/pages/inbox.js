import { listOf } from '/list.js';
import { call, follow, isLive, state } from '/live.js';
import { element, language, say } from '/site.js';

const fill = listOf(element('messages'), ({ id }) => id, card);
let messages = [];
let offsetMs = 0;

const digits = (text) =>
  text
    .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (d) => d.codePointAt(0) & 15)
    .replace(/^\s*00/, '')
    .replace(/[^\p{L}\p{N}]/gu, '')
    .toLowerCase();

function card(message) {
  const item = document.createElement('li');
  item.innerHTML =
    '<div class="meta"><span class="to" dir="ltr"></span><span class="kind"></span><time></time></div><p class="text" dir="auto"></p>';
  item.querySelector('.to').textContent = message.to;
  const kinds = { sms: 'SMS', email: 'E-mail' };
  item.querySelector('.kind').textContent =
    message.kind in kinds ? say(kinds[message.kind]) : [say('Push'), message.payload.platform].join(say(', '));
  const time = item.querySelector('time');
  time.dateTime = message.created_at;
  time.textContent = new Date(message.created_at).toLocaleTimeString(language);
  if (message.kind === 'push') return withPush(item, message.payload);
  const [firstLine] = message.text.split('\n');
  const text = item.querySelector('.text');
  text.textContent = message.text;
  if (/[\u0600-\u06ff]/.test(firstLine)) Object.assign(text, { dir: 'rtl', lang: 'ar' });
  if (message.kind === 'email') withEmail(item, message);
  const code = firstLine.match(/\b\d{6}\b/)?.[0];
  if (code) {
    const copy = document.createElement('button');
    copy.className = 'code';
    copy.textContent = code;
    copy.title = say('Copy the code');
    copy.setAttribute('aria-label', `${say('Copy the code')} ${code}`);
    copy.onclick = async () => {
      await navigator.clipboard.writeText(code);
      copy.textContent = say('Copied');
      setTimeout(() => {
        copy.textContent = code;
      }, 1200);
    };
    item.append(copy);
  }
  return item;
}

// Shows the HTML of an e-mail as a mail app would, in a frame that runs and loads nothing. Below is
// the text.
function withEmail(item, { payload: { subject, html }, text }) {
  const isArabic = /[\u0600-\u06ff]/.test(text);
  const heading = document.createElement('strong');
  Object.assign(heading, { className: 'subject', dir: isArabic ? 'rtl' : 'ltr', textContent: subject });
  if (isArabic) heading.lang = 'ar';
  const frame = document.createElement('iframe');
  Object.assign(frame, { className: 'email', title: subject, srcdoc: html, loading: 'lazy' });
  // Only its own styles may apply, and no script may run.
  frame.setAttribute('sandbox', '');
  const details = document.createElement('details');
  details.innerHTML = '<summary></summary>';
  details.querySelector('summary').textContent = say('Text');
  const body = item.querySelector('.text');
  body.replaceWith(heading, frame, details);
  details.append(body);
}

// Shows a push as a phone would, with the number on the app's icon. Below are the data that only
// the app sees.
function withPush(item, { title, body, badge, data }) {
  const push = document.createElement('div');
  push.className = 'push';
  push.innerHTML = '<strong dir="auto"></strong><p dir="auto"></p>';
  push.querySelector('strong').textContent = title;
  push.querySelector('p').textContent = body;
  if (badge !== null) {
    const count = document.createElement('span');
    count.className = 'badge';
    count.textContent = badge;
    count.setAttribute('aria-label', `${badge} ${say('unread')}`);
    push.append(count);
  }
  const details = document.createElement('details');
  details.innerHTML = '<summary></summary><pre dir="ltr"></pre>';
  details.querySelector('summary').textContent = say('Data for the app');
  details.querySelector('pre').textContent = JSON.stringify(data, null, 2);
  item.querySelector('.text').replaceWith(push, details);
  return item;
}

function show() {
  const wanted = digits(element('to').value);
  fill(messages, ({ to }) => digits(to).includes(wanted));
}

async function load() {
  messages = (await call('/api/messages')) ?? messages;
  show();
}

async function readClock() {
  const clock = await call('/api/clock');
  if (clock) offsetMs = 1000 * clock.offset_seconds;
  tick();
}
async function setClock(options) {
  await call('/api/clock', options);
  await readClock();
}
function tick() {
  element('now').textContent = new Date(Date.now() + offsetMs).toLocaleString(language);
}

follow('/api/messages/live', {
  onConnect: () => {
    state('live', true);
    readClock();
  },
  onChange: load,
});
element('filter').onsubmit = (event) => event.preventDefault();
element('to').oninput = show;
element('clear').onclick = () => call('/api/messages', { method: 'DELETE' });
element('reset').onclick = () => setClock({ method: 'DELETE' });
for (const button of document.querySelectorAll('[data-advance]')) {
  const body = JSON.stringify({ advance_seconds: Number(button.dataset.advance) });
  button.onclick = () => setClock({ method: 'POST', body });
}
setInterval(tick, 1000);
// A script may have moved the clock.
setInterval(() => isLive() && readClock(), 10000);
