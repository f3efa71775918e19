'use strict';

const element = (id) => document.getElementById(id);
const VERDICTS = ['pass', 'fail', 'unsure', 'unreadable'];
const PERIOD = 1000; // ms between two questions to the service
const LISTED = 20;
const HOW = {
  none: 'What does the picture show?',
  one: 'Draw a box round it on the picture if you can, then say what it is.',
  all: 'Draw a box round each on the picture, then say what they are. Without a box, those that the model found stay.',
};
let state = { last: [], labels: [], boxes: 'none', counts: {} };
let chosen = null; // the entry that is looked at; null for the live picture
let viewed = null; // the entry that the picture shows
let shown = ''; // its URL
let boxes = []; // each left, top, right, bottom in fractions of the picture

function what(entry) {
  if (entry.error) return entry.error;
  const parts = [];
  if (entry.class_name) parts.push(entry.class_name);
  const score = entry.anomaly_score ?? entry.score;
  if (score !== null) parts.push(score.toFixed(2));
  if (entry.detections > 1) parts.push(`(${entry.detections})`);
  return parts.join(' ') || 'nothing';
}

function made(kind, text, ...classes) {
  const made = document.createElement(kind);
  made.textContent = text;
  made.classList.add(...classes);
  return made;
}

function showCounts() {
  element('counts').replaceChildren(
    ...VERDICTS.map((name) => made('li', `${state.counts[name] ?? 0} ${name}`, name))
  );
}

function showLast() {
  const rows = state.last.slice(0, LISTED).map((entry) => {
    const row = document.createElement('tr');
    row.dataset.id = entry.id;
    if (chosen && chosen.id === entry.id) row.classList.add('chosen');
    row.append(
      made('td', new Date(1000 * entry.time).toLocaleTimeString()),
      made('td', entry.verdict, 'verdict', entry.verdict),
      made('td', what(entry)),
      made('td', entry.source)
    );
    row.addEventListener('click', () => choose(entry));
    return row;
  });
  element('last').replaceChildren(...rows);
}

function showPicture() {
  const entry = chosen ?? state.last.find((each) => each.has_image);
  if (!entry) return;
  element('title').textContent = `${entry.verdict}: ${what(entry)}`;
  element('title').className = entry.verdict;
  const isMarking = !element('correction').hidden;
  const url = entry.has_image ? `/${isMarking ? 'image' : 'picture'}/${entry.id}` : '';
  if (url !== shown) {
    if (url) element('picture').src = url;
    element('picture').hidden = !url;
    shown = url;
  }
  element('live').hidden = chosen === null;
  element('wrong').hidden = isMarking || !entry.has_image || !state.labels.length;
  viewed = entry;
}

function choose(entry) {
  chosen = entry;
  // The service keeps what somebody looks at longer than what nobody does.
  if (entry && entry.has_image) fetch(`/image/${entry.id}`);
  element('correction').hidden = true;
  element('said').textContent = '';
  mark([]);
  showLast();
  showPicture();
}

function startCorrection() {
  choose(viewed);
  element('how').textContent = HOW[state.boxes];
  const buttons = state.labels.map((label) => {
    const button = made('button', label || 'nothing is there');
    button.type = 'button';
    button.addEventListener('click', () => correct(label));
    return button;
  });
  element('labels').replaceChildren(...buttons);
  element('correction').hidden = false;
  showPicture();
}

async function correct(label) {
  const picture = element('picture');
  const sides = [picture.naturalWidth, picture.naturalHeight];
  const inPixels = (one) => one.map((value, index) => value * sides[index % 2]);
  const places = boxes.length ? boxes.map(inPixels) : null;
  const answer = await fetch('/feedback', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id: chosen.id, label, boxes: places }),
  });
  const said = await answer.json();
  if (answer.ok) choose(null);
  const reason = said.error ?? JSON.stringify(said.detail);
  element('said').textContent = answer.ok ? `stored: ${said.stored}` : reason;
}

function mark(some) {
  boxes = some;
  const percent = (value) => `${100 * value}%`;
  const drawn = boxes.map(([left, top, right, bottom]) => {
    const box = made('div', '', 'box');
    Object.assign(box.style, {
      left: percent(left),
      top: percent(top),
      width: percent(right - left),
      height: percent(bottom - top),
    });
    return box;
  });
  element('frame').replaceChildren(element('picture'), ...drawn);
}

function place(event) {
  const area = element('picture').getBoundingClientRect();
  const fraction = (value, low, side) => Math.min(1, Math.max(0, (value - low) / side));
  return [
    fraction(event.clientX, area.left, area.width),
    fraction(event.clientY, area.top, area.height),
  ];
}

let start = null; // of the box that is being drawn
let before = []; // the boxes without it
element('frame').addEventListener('pointerdown', (event) => {
  if (element('correction').hidden || state.boxes === 'none') return;
  event.preventDefault();
  element('frame').setPointerCapture(event.pointerId);
  start = place(event);
  before = state.boxes === 'all' ? boxes : [];
});
element('frame').addEventListener('pointermove', (event) => {
  if (start === null) return;
  const [x, y] = place(event);
  const low = [Math.min(x, start[0]), Math.min(y, start[1])];
  const high = [Math.max(x, start[0]), Math.max(y, start[1])];
  mark([...before, [...low, ...high]]);
});
element('frame').addEventListener('pointerup', () => {
  start = null;
});
element('wrong').addEventListener('click', startCorrection);
element('live').addEventListener('click', () => choose(null));
element('correction').addEventListener('submit', (event) => event.preventDefault());

async function ask() {
  let trouble = '';
  try {
    const answer = await fetch('/status');
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    state = await answer.json();
    trouble = state.error;
  } catch (error) {
    trouble = `the service does not answer: ${error.message}`;
  }
  element('trouble').textContent = trouble;
  element('trouble').hidden = !trouble;
  element('frame').classList.toggle(
    'marking',
    state.boxes !== 'none' && !element('correction').hidden
  );
  showCounts();
  showLast();
  showPicture();
  setTimeout(ask, PERIOD);
}

ask();
