import { element } from '/site.js';

export const canvas = element('map');
/** The width in pixels below which a region is drawn as a dot. */
const dot = 8;
const world = [-180, -85, 180, 85];
/** The center of the view in degrees, and the pixels per degree of latitude. */
export const view = { x: 0, y: 0, scale: 1 };

/** The drawn regions, the language of their names and the marked point. */
export const map = { regions: [], cells: [], language: 'en', marker: undefined };

export const color = (index) =>
  `hsl(${(index * 137.5) % 360} 45% ${matchMedia('(prefers-color-scheme: dark)').matches ? 34 : 76}%)`;
/** A canvas supports neither CSS variables nor light-dark(), so an element resolves them. */
const style = (name) => {
  canvas.style.color = `var(${name})`;
  return getComputedStyle(canvas).color;
};
/** Returns the factor that narrows longitudes at the center's latitude. */
export const squeeze = () => Math.cos((view.y * Math.PI) / 180);
export const toScreen = ([long, lat]) => [
  canvas.clientWidth / 2 + (long - view.x) * squeeze() * view.scale,
  canvas.clientHeight / 2 - (lat - view.y) * view.scale,
];
export const toPoint = (x, y) => [
  view.x + (x - canvas.clientWidth / 2) / squeeze() / view.scale,
  view.y - (y - canvas.clientHeight / 2) / view.scale,
];

export function show([west, south, east, north]) {
  Object.assign(view, { x: (west + east) / 2, y: (south + north) / 2 });
  const room = 0.85;
  view.scale = room * Math.min(canvas.clientWidth / ((east - west) * squeeze()), canvas.clientHeight / (north - south));
  draw();
}

export function draw() {
  const ratio = devicePixelRatio;
  canvas.width = canvas.clientWidth * ratio;
  canvas.height = canvas.clientHeight * ratio;
  const pen = canvas.getContext('2d');
  pen.scale(ratio, ratio);
  drawGrid(pen);
  for (const { box, pieces } of map.cells) {
    const [left, bottom] = toScreen([box[0], box[1]]);
    const [right, top] = toScreen([box[2], box[3]]);
    if (right < 0 || left > canvas.clientWidth || bottom < 0 || top > canvas.clientHeight) continue;
    pen.save();
    pen.beginPath();
    pen.rect(
      Math.floor(left),
      Math.floor(top),
      Math.ceil(right) - Math.floor(left),
      Math.ceil(bottom) - Math.floor(top),
    );
    pen.clip();
    for (const { region, rings } of pieces.toReversed()) {
      pen.beginPath();
      if (!rings) pen.rect(left - 9, top - 9, right - left + 18, bottom - top + 18);
      for (const ring of rings ?? []) {
        for (const [index, position] of ring.entries()) pen[index ? 'lineTo' : 'moveTo'](...toScreen(position));
        pen.closePath();
      }
      pen.fillStyle = color(region);
      pen.fill('evenodd');
      pen.strokeStyle = style('--text');
      pen.lineWidth = 0.75;
      if (rings) pen.stroke();
    }
    pen.restore();
  }
  drawDots(pen);
  drawNames(pen);
  if (map.marker) drawMarker(pen, toScreen(map.marker));
}

function drawGrid(pen) {
  const step =
    [30, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005].find((degrees) => degrees * view.scale < 140) ?? 0.002;
  const [west, north] = toPoint(0, 0);
  const [east, south] = toPoint(canvas.clientWidth, canvas.clientHeight);
  Object.assign(pen, {
    strokeStyle: style('--line'),
    fillStyle: style('--quiet'),
    font: '11px system-ui',
    lineWidth: 1,
  });
  const line = (from, to) => {
    pen.beginPath();
    pen.moveTo(...from);
    pen.lineTo(...to);
    pen.stroke();
  };
  const label = (degrees) => `${Number(degrees.toFixed(3))}°`;
  for (let long = Math.ceil(west / step) * step; long < east; long += step) {
    const [x] = toScreen([long, 0]);
    line([x, 0], [x, canvas.clientHeight]);
    pen.fillText(label(long), x + 3, canvas.clientHeight - 5);
  }
  for (let lat = Math.ceil(south / step) * step; lat < north; lat += step) {
    const [, y] = toScreen([0, lat]);
    line([0, y], [canvas.clientWidth, y]);
    pen.fillText(label(lat), 4, y - 3);
  }
}

const middle = ([west, south, east, north]) => toScreen([(west + east) / 2, (south + north) / 2]);

const sizeOnScreen = ([west, south, east, north]) => Math.max((east - west) * squeeze(), north - south) * view.scale;

/** Draws regions that are too small for a shape. */
function drawDots(pen) {
  Object.assign(pen, { strokeStyle: style('--text'), lineWidth: 0.75 });
  for (const [index, { box }] of map.regions.entries()) {
    if (sizeOnScreen(box) >= dot) continue;
    pen.beginPath();
    pen.arc(...middle(box), dot / 2, 0, 7);
    pen.fillStyle = color(index);
    pen.fill();
    pen.stroke();
  }
}

/**
 * Draws names on their regions, or above small regions. A name that would cover another one waits
 * until the map is closer.
 */
function drawNames(pen) {
  Object.assign(pen, {
    font: '600 12px system-ui, "Noto Sans Arabic", sans-serif',
    textAlign: 'center',
    fillStyle: style('--text'),
    strokeStyle: style('--card'),
    lineWidth: 3,
    lineJoin: 'round',
  });
  const taken = [];
  const area = ({ box }) => (box[2] - box[0]) * (box[3] - box[1]);
  for (const { name, box } of map.regions.toSorted((a, b) => area(b) - area(a))) {
    const text = name[map.language];
    const [x, center] = middle(box);
    const size = Math.max(sizeOnScreen(box), dot);
    const y = size < 40 ? center - size / 2 - 8 : center;
    const half = pen.measureText(text).width / 2 + 4;
    if (taken.some((other) => Math.abs(other.x - x) < other.half + half && Math.abs(other.y - y) < 16)) continue;
    taken.push({ x, y, half });
    pen.strokeText(text, x, y + 4);
    pen.fillText(text, x, y + 4);
  }
  pen.textAlign = 'start';
}

function drawMarker(pen, [x, y]) {
  pen.beginPath();
  pen.arc(x, y, 6, 0, 7);
  Object.assign(pen, { fillStyle: style('--accent'), strokeStyle: style('--card'), lineWidth: 2 });
  pen.fill();
  pen.stroke();
}

const around = () =>
  map.regions
    .map(({ box }) => box)
    .reduce(
      (a, b) => [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])],
      [180, 90, -180, -90],
    );
export const showAll = () => show(map.regions.length ? around() : world);
new ResizeObserver(draw).observe(canvas);
