/** Lets the developer move the map, and reports the picked point. */
import { canvas, draw, showAll, squeeze, toPoint, view } from '/map.js';
import { element } from '/site.js';

function zoom(factor, [x, y] = [canvas.clientWidth / 2, canvas.clientHeight / 2]) {
  const before = toPoint(x, y);
  view.scale = Math.min(Math.max(view.scale * factor, 1), 1e6);
  const after = toPoint(x, y);
  view.x += before[0] - after[0];
  view.y = Math.max(-85, Math.min(85, view.y + before[1] - after[1]));
  draw();
}

let drag;
canvas.onpointerdown = ({ offsetX, offsetY, pointerId }) => {
  drag = { x: offsetX, y: offsetY, moved: false };
  canvas.setPointerCapture(pointerId);
};
canvas.onpointermove = ({ offsetX, offsetY }) => {
  if (!drag) return;
  const [dx, dy] = [offsetX - drag.x, offsetY - drag.y];
  if (!drag.moved && Math.hypot(dx, dy) < 4) return;
  view.x -= dx / squeeze() / view.scale;
  view.y += dy / view.scale;
  drag = { x: offsetX, y: offsetY, moved: true };
  draw();
};
canvas.onpointerup = ({ offsetX, offsetY }) => {
  if (drag && !drag.moved) {
    canvas.dispatchEvent(new CustomEvent('pick', { detail: toPoint(offsetX, offsetY) }));
  }
  drag = undefined;
};
// The browser takes over the pointer for scrolling.
canvas.onpointercancel = () => {
  drag = undefined;
};
// The wheel alone scrolls the page. Browsers report a pinch on a touchpad with the Control key.
canvas.onwheel = (event) => {
  if (!event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  zoom(event.deltaY < 0 ? 1.25 : 0.8, [event.offsetX, event.offsetY]);
};
element('in').onclick = () => zoom(2);
element('out').onclick = () => zoom(0.5);
element('all').onclick = showAll;
