// Faults, resets and other events on a time line, and as a table.
import { get } from './api.js';
import { h, problem, replace, sentence, table } from './dom.js';

const kSpace = 'http://www.w3.org/2000/svg';
const kWidth = 1000, kLane = 22;

function shape(name, attributes, title) {
  const element = document.createElementNS(kSpace, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (title) {
    const t = document.createElementNS(kSpace, 'title');
    t.textContent = title;
    element.append(t);
  }
  return element;
}

// A fault and its end have the same message.
function spans(events) {
  const open = new Map(), list = [];
  for (const e of events) {
    if (typeof e.time_s !== 'number') continue;
    if (e.type === 'fault') {
      const span = { from: e.time_s, to: null, text: e.message, type: e.type };
      open.set(e.message, span);
      list.push(span);
    } else if (e.type === 'fault_end') {
      const begun = [...open.entries()].find(([text]) => e.message.includes(text) || text.includes(e.message));
      if (begun) { begun[1].to = e.time_s; open.delete(begun[0]); }
    } else {
      list.push({ from: e.time_s, to: e.time_s, text: `${e.node} ${e.message}`.trim(), type: e.type });
    }
  }
  return list;
}

function drawing(list, end) {
  const lanes = [];
  const place = (s) => {
    const to = Math.max(s.to ?? end, s.from + end * 0.01);
    let lane = lanes.findIndex((until) => until <= s.from);
    if (lane < 0) lane = lanes.length;
    lanes[lane] = to;
    return lane;
  };
  const x = (t) => 10 + (kWidth - 20) * Math.min(1, t / end);
  const marks = list.slice(0, 500).map((s) => {
    const y = 6 + kLane * Math.min(place(s), 11);
    const what = `${s.from} s${s.to !== null && s.to !== s.from ? ` to ${s.to} s` : ''}: ${s.text}`;
    return shape('rect', { class: s.type === 'fault' ? 'fault' : 'event', x: x(s.from), y, height: kLane - 6, rx: 3,
      width: Math.max(5, x(s.to ?? end) - x(s.from)) }, what);
  });
  const height = 12 + kLane * Math.min(Math.max(lanes.length, 1), 12) + 20;
  const picture = shape('svg', { class: 'timeline', viewBox: `0 0 ${kWidth} ${height}`, role: 'img' }, 'Events over simulated time');
  picture.append(shape('line', { x1: 10, x2: kWidth - 10, y1: height - 20, y2: height - 20 }), ...marks);
  for (let i = 0; i <= 10; ++i) {
    const label = shape('text', { x: x(end * i / 10), y: height - 5, 'text-anchor': i === 0 ? 'start' : i === 10 ? 'end' : 'middle' });
    label.textContent = `${Number((end * i / 10).toPrecision(3))} s`;
    picture.append(label);
  }
  return picture;
}

export async function drawTimeline(body, id, duration) {
  const view = await get('events', { id });
  const text = JSON.stringify(view);
  if (body.seen === text) return;  // what somebody has unfolded stays so
  body.seen = text;
  const end = Math.max(duration ?? 0, ...view.events.map((e) => e.time_s ?? 0), 0.001);
  const list = spans(view.events);
  const rows = (events) => table(['time', 'type', 'node', 'message'], events.map((e) =>
    [h('td', { class: 'n', 'data-sort': e.time_s }, `${e.time_s ?? '-'} s`), e.type, e.node, e.message]));
  replace(body,
    list.length > 0 ? drawing(list, end) : sentence('No faults, resets or lock-ups.'),
    problem(view.left_out),
    view.events.length > 0 ? h('details', {}, h('summary', {}, `${view.events.length} events`), rows(view.events)) : null,
    view.logs.length > 0 ? h('details', {}, h('summary', {}, `${view.counts.log} log lines`), rows(view.logs)) : null);
}
