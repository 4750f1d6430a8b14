import { element, say } from '/site.js';

/** Shows whether the stack is running. Buttons that call it are disabled while it is not. */
export function state(text, isLive) {
  element('state').textContent = say(text);
  element('state').classList.toggle('live', isLive);
  for (const button of document.querySelectorAll('[data-calls]')) button.disabled = !isLive;
}

export const isLive = () => element('state').classList.contains('live');

/** Calls the local site. Returns undefined if the stack has been stopped. */
export async function call(path, options) {
  try {
    const response = await fetch(path, options);
    return response.status === 204 ? undefined : await response.json();
  } catch {
    state('not connected', false);
    return undefined;
  }
}

/** Reports each connection, including those after a restart of the stack, and each change. */
export function follow(path, { onConnect, onChange }) {
  const live = new EventSource(path);
  live.onopen = onConnect;
  live.addEventListener('change', onChange);
  live.onerror = () => state('not connected', false);
}
