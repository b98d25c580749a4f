// Elements. Texts are always set as texts, never as HTML.

export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return element;
}

export function replace(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
}

export const sentence = (text) => h('p', { class: 'quiet' }, text);
export const problem = (text) => (text ? h('p', { class: 'problem', role: 'alert' }, text) : null);

// An SVG the server drew.
export function svg(text) {
  const parsed = new DOMParser().parseFromString(text.replace(/^<svg(?![^>]*xmlns)/, '<svg xmlns="http://www.w3.org/2000/svg"'), 'image/svg+xml');
  return document.importNode(parsed.documentElement, true);
}

// A part of a page that is filled when its data is there; what goes wrong stands in it.
export function section(title, id, fill) {
  const body = h('div', {}, sentence('Loading…'));
  const whole = h('section', { id, 'aria-labelledby': `${id}-title` }, h('h2', { id: `${id}-title` }, title), body);
  const done = Promise.resolve()
    .then(() => fill(body, whole))
    .catch((error) => replace(body, problem(error.message)));
  return { whole, done };
}

const numberIn = (text) => {
  const number = parseFloat(String(text).replace(/[^\d.eE+-].*$/, ''));
  return Number.isNaN(number) ? null : number;
};

function sortRows(table, column, button) {
  const down = button.getAttribute('aria-sort') === 'ascending';
  for (const head of table.tHead.rows[0].cells) head.removeAttribute('aria-sort');
  button.setAttribute('aria-sort', down ? 'descending' : 'ascending');
  const key = (row) => row.cells[column]?.dataset.sort ?? row.cells[column]?.textContent.trim() ?? '';
  const order = (a, b) => {
    const x = numberIn(key(a)), y = numberIn(key(b));
    if (x !== null && y !== null) return x - y;
    if (x !== null || y !== null) return x !== null ? -1 : 1;
    return key(a).localeCompare(key(b), undefined, { numeric: true });
  };
  const rows = [...table.tBodies[0].rows].sort(order);
  table.tBodies[0].append(...(down ? rows.reverse() : rows));
}

// A table whose columns sort. `columns`: texts; `rows`: lists of texts, elements or cells.
export function table(columns, rows, { right = [], caption = null } = {}) {
  const element = h('table', {},
    caption ? h('caption', {}, caption) : null,
    h('thead', {}, h('tr', {}, columns.map((text, i) => {
      const head = h('th', { scope: 'col', class: right[i] ? 'n' : null });
      head.append(text ? h('button', { type: 'button', title: 'Sort', onclick: () => sortRows(element, i, head) }, text) : '');
      return head;
    }))),
    h('tbody', {}, rows.map((row) => h('tr', {}, row.map((cell, i) =>
      cell instanceof HTMLTableCellElement ? cell : h('td', { class: right[i] ? 'n' : null }, cell ?? ''))))));
  return h('div', { class: 'wide' }, element);
}

// A table of the server's.
export function served(t) {
  return [
    table(t.header, t.rows, { right: t.right }),
    t.left_out > 0 ? sentence(`${t.left_out} more are in summary.json.`) : null,
  ];
}

export function bytes(n) {
  if (n < 1024) return `${n} B`;
  for (const unit of ['KiB', 'MiB', 'GiB']) {
    n /= 1024;
    if (n < 1024 || unit === 'GiB') return `${n.toFixed(n < 10 ? 1 : 0)} ${unit}`;
  }
}

export function seconds(s) {
  if (typeof s !== 'number') return '';
  return s >= 100 ? `${s.toFixed(0)} s` : s >= 1 ? `${s.toFixed(1)} s` : `${(s * 1000).toFixed(0)} ms`;
}

const kWords = {
  passed: 'passed', assertion_failed: 'assertion failed', failed: 'failed', interrupted: 'interrupted',
  unfinished: 'unfinished', running: 'running', unreadable: 'unreadable', waiting: 'waiting', config_error: 'configuration error',
};
export const status = (name) => h('span', { class: `status ${name}` }, kWords[name] ?? name);
export const short = (digest) => h('code', { title: digest ?? '' }, (digest ?? '').slice(0, 8));
