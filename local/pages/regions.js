import { call, follow, state } from '/live.js';
import { color, draw, map, show, showAll } from '/map.js';
import '/moves.js';
import { element, language, say } from '/site.js';

map.language = language;
element('language').value = language;

async function ask() {
  const [long, lat] = [element('long').value, element('lat').value];
  const query = new URLSearchParams({ long, lat });
  map.marker = [Number(long), Number(lat)];
  draw();
  try {
    const response = await fetch(`${map.api}/api/regions/?${query}`, { headers: { 'accept-language': map.language } });
    const answer = JSON.stringify(await response.json(), null, 2);
    tell(`GET /api/regions/?${query}\n${response.status} ${answer}`, { className: 'json', dir: 'ltr' });
  } catch {
    tell(say('The API does not answer.'), { className: '', dir: '' });
  }
}

function tell(textContent, look) {
  Object.assign(element('answer'), { textContent, ...look });
}

element('map').addEventListener('pick', ({ detail: [long, lat] }) => {
  [element('long').value, element('lat').value] = [long.toFixed(5), lat.toFixed(5)];
  ask();
});
element('point').onsubmit = (event) => {
  event.preventDefault();
  ask();
};
element('language').onchange = () => {
  map.language = element('language').value;
  list();
  draw();
  if (map.marker) ask();
};

function list() {
  const byName = (a, b) =>
    a.country.localeCompare(b.country) || a.name[map.language].localeCompare(b.name[map.language], map.language);
  const sorted = map.regions.map((region, index) => ({ ...region, index })).sort(byName);
  element('regions').replaceChildren(
    ...sorted.map(({ name, country, box, index }) => {
      const item = document.createElement('li');
      item.innerHTML = '<button type="button"><i></i><span dir="auto"></span><small></small></button>';
      item.querySelector('i').style.background = color(index);
      item.querySelector('span').textContent = name[map.language];
      item.querySelector('small').textContent = country;
      item.firstChild.onclick = () => show(box);
      return item;
    }),
  );
}

async function load() {
  const loaded = await call('/api/regions');
  if (!loaded) return;
  const isFirst = map.cells.length === 0;
  Object.assign(map, loaded);
  state(map.source ? `${map.regions.length} ${say('from')} ${map.source}` : 'none are loaded', true);
  list();
  if (isFirst) showAll();
  else draw();
}
matchMedia('(prefers-color-scheme: dark)').onchange = () => {
  list();
  draw();
};
// Regions have no live feed of their own, so the feed of requests shows that the stack is running.
follow('/api/requests/live', { onConnect: load });
