import { element, say } from '/site.js';

/** Shows whether the stack is there. Without it, what would ask or change it is disabled. */
export function state(text, isLive) {
  element('state').textContent = say(text);
  element('state').classList.toggle('live', isLive);
  for (const button of document.querySelectorAll('[data-calls]')) button.disabled = !isLive;
}

export const isLive = () => element('state').classList.contains('live');

/** Calls the local site; undefined where the stack has been stopped. */
export async function call(path, options) {
  try {
    const response = await fetch(path, options);
    return response.status === 204 ? undefined : await response.json();
  } catch {
    state('not connected', false);
    return undefined;
  }
}

/** Tells of each connection, be it the first or after a restart of the stack, and of each change. */
export function follow(path, { onConnect, onChange }) {
  const live = new EventSource(path);
  live.onopen = onConnect;
  live.addEventListener('change', onChange);
  live.onerror = () => state('not connected', false);
}
