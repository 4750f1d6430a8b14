import { listOf } from '/list.js';
import { call, follow, state } from '/live.js';
import { element, language, say } from '/site.js';

const fill = listOf(element('requests'), ({ request_id }) => request_id, row);
let requests = [];

function row({ method, path, status, duration_ms, customer_id, problem, errors, body, timestamp }) {
  const item = document.createElement('li');
  item.className = status >= 500 ? 'failed' : status >= 400 ? 'refused' : '';
  item.innerHTML = '<span class="status"></span><span class="route" dir="ltr"></span><span class="more"></span>';
  item.querySelector('.status').textContent = status;
  item.querySelector('.route').textContent = `${method} ${path}`;
  const time = new Date(timestamp).toLocaleTimeString(language);
  const facts = [problem, customer_id && `${say('customer')} ${customer_id}`, `${duration_ms} ${say('ms')}`, time];
  item.querySelector('.more').replaceChildren(
    ...facts.filter(Boolean).map((fact) => {
      const part = document.createElement('bdi');
      part.textContent = fact;
      return part;
    }),
  );
  for (const error of errors.filter((error) => error !== problem)) {
    const part = Object.assign(document.createElement('code'), { className: 'error', dir: 'ltr', textContent: error });
    item.append(part);
  }
  if (body) {
    const details = document.createElement('details');
    details.innerHTML = '<summary></summary><pre dir="ltr"></pre>';
    details.querySelector('summary').textContent = say('Body');
    details.querySelector('pre').textContent = body;
    item.append(details);
  }
  return item;
}

/** Removes the slash at the end, because the API ignores it. */
const plain = (text) => text.trim().toLowerCase().replace(/\/$/, '');

function matches({ method, path, status, problem, errors, customer_id }, wanted) {
  return [`${method} ${path}`, status, problem, customer_id, ...errors].some((fact) =>
    plain(String(fact ?? '')).includes(wanted),
  );
}

function show() {
  const wanted = plain(element('words').value);
  fill(requests, (request) => matches(request, wanted));
}

follow('/api/requests/live', {
  onConnect: () => state('live', true),
  onChange: async () => {
    requests = (await call('/api/requests')) ?? requests;
    show();
  },
});
element('filter').onsubmit = (event) => event.preventDefault();
element('words').oninput = show;
element('clear').onclick = () => call('/api/requests', { method: 'DELETE' });
