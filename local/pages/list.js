import { element } from '/site.js';

/**
 * Keeps a list on the page, with one node per entry. It only touches nodes that are added or
 * removed, so the focus stays and screen readers announce only changes. An empty list shows a text
 * with the reason.
 */
export function listOf(list, idOf, make) {
  const nodes = new Map();
  let isFirst = true;

  return (entries, matches) => {
    const old = new Set(nodes.keys());
    for (const entry of entries) {
      const id = idOf(entry);
      if (!old.delete(id)) nodes.set(id, isFirst ? make(entry) : arriving(make(entry)));
    }
    for (const id of old) nodes.delete(id);
    hold(
      list,
      entries.filter(matches).map((entry) => nodes.get(idOf(entry))),
    );
    element('empty').hidden = entries.length > 0;
    element('no-match').hidden = entries.length === 0 || list.children.length > 0;
    isFirst = false;
    list.setAttribute('aria-live', 'polite');
  };
}

function arriving(node) {
  node.classList.add('new');
  node.addEventListener('animationend', () => node.classList.remove('new'));
  return node;
}

/** The remaining nodes keep their order. */
function hold(list, wanted) {
  const kept = new Set(wanted);
  for (const node of [...list.children]) if (!kept.has(node)) node.remove();
  let next = list.firstChild;
  for (const node of wanted) {
    if (node === next) next = next.nextSibling;
    else list.insertBefore(node, next);
  }
}
