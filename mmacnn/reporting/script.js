'use strict';

const rows = JSON.parse(document.getElementById('rows').textContent);
const form = document.getElementById('filters');
const table = document.getElementById('table');
const more = document.getElementById('more');
const pictures = [...document.querySelectorAll('#pictures figure')];
const STEP = 100;
let matching = [];
let shown = 0;

function number(text, otherwise) {
  return text === '' || Number.isNaN(Number(text)) ? otherwise : Number(text);
}

function readFilters() {
  const value = Object.fromEntries(new FormData(form));
  return {
    run: value.run ? Number(value.run) : null,
    truth: value.truth,
    label: value.label,
    result: value.result,
    name: value.name.toLowerCase(),
    least: number(value.least, null),
    most: number(value.most, null),
    low: number(value.low, null),
    high: number(value.high, null),
  };
}

/* Whether the prediction of one run matches the filters. */
function runMatches(one, wanted) {
  if (!one) return false;
  if (wanted.label && one.label !== wanted.label) return false;
  if (wanted.result === 'correct' && one.correct !== true) return false;
  if (wanted.result === 'wrong' && one.correct !== false) return false;
  if (wanted.low !== null && !(one.score !== null && one.score >= wanted.low)) return false;
  if (wanted.high !== null && !(one.score !== null && one.score <= wanted.high)) return false;
  return true;
}

function differ(row) {
  const said = row.runs.filter((one) => one && one.correct !== null).map((one) => one.correct);
  return new Set(said).size > 1;
}

/* Indices of an image's runs that match; none if the image does not. */
function matchingRuns(row, wanted) {
  if (wanted.truth && row.truth !== wanted.truth) return [];
  if (wanted.name && !row.name.toLowerCase().includes(wanted.name)) return [];
  if (wanted.least !== null && !(row.size !== null && row.size >= wanted.least)) return [];
  if (wanted.most !== null && !(row.size !== null && row.size <= wanted.most)) return [];
  if (wanted.result === 'differ' && !differ(row)) return [];
  return [...row.runs.keys()].filter(
    (place) => (wanted.run === null || wanted.run === place) && runMatches(row.runs[place], wanted),
  );
}

function cell(line, text, kind) {
  const made = line.insertCell();
  made.textContent = text;
  if (kind) made.className = kind;
}

function addLines() {
  const body = table.tBodies[0];
  for (const row of matching.slice(shown, shown + STEP)) {
    const line = body.insertRow();
    cell(line, row.name);
    cell(line, row.truth);
    cell(line, row.size === null ? '' : String(row.size));
    for (const one of row.runs) {
      if (!one) {
        cell(line, '–');
        continue;
      }
      const verdict = one.correct === null ? '' : one.correct ? '✓ ' : '✗ ';
      const score = one.score === null ? '' : ` (${Number(one.score.toPrecision(3))})`;
      const kind = one.correct === null ? '' : one.correct ? 'is-correct' : 'is-wrong';
      cell(line, verdict + one.label + score, kind);
    }
  }
  shown = Math.min(shown + STEP, matching.length);
  more.hidden = shown >= matching.length;
}

function apply() {
  const wanted = readFilters();
  const visible = new Set();
  matching = [];
  for (const row of rows) {
    const places = matchingRuns(row, wanted);
    if (places.length) matching.push(row);
    for (const place of places) visible.add(row.runs[place].picture);
  }
  pictures.forEach((figure, index) => { figure.hidden = !visible.has(index); });
  const drawn = pictures.filter((figure) => !figure.hidden).length;
  document.getElementById('count').textContent =
    `${matching.length} of ${rows.length} images, ${drawn} pictures of wrong images and low scores`;
  table.tBodies[0].replaceChildren();
  shown = 0;
  addLines();
}

function fill(select, names) {
  for (const name of [...new Set(names)].filter(Boolean).sort()) select.add(new Option(name, name));
}

function showCell(button) {
  form.reset();
  const { run, truth, label, kind } = button.dataset;
  if (form.elements.run) form.elements.run.value = run;
  if (kind === 'images') {
    form.elements.truth.value = truth;
    form.elements.label.value = label;
  } else {
    form.elements.result.value = truth === label ? '' : 'wrong';
  }
  apply();
  document.getElementById('images').scrollIntoView();
}

fill(form.elements.truth, rows.map((row) => row.truth));
fill(form.elements.label, rows.flatMap((row) => row.runs.map((one) => one && one.label)));
form.hidden = table.hidden = false;
form.addEventListener('input', apply);
form.addEventListener('submit', (event) => event.preventDefault());
form.addEventListener('reset', () => setTimeout(apply));
more.addEventListener('click', addLines);
for (const button of document.querySelectorAll('.confusion button')) {
  button.addEventListener('click', () => showCell(button));
}
for (const figure of pictures) {
  const button = figure.querySelector('button');
  button.addEventListener('click', () => {
    button.setAttribute('aria-expanded', figure.classList.toggle('large'));
  });
}
apply();
