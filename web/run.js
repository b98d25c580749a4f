// One run.
import { get } from './api.js';
import { drawCharts } from './charts.js';
import { drawConsoles } from './console.js';
import { h, problem, replace, section, sentence, served, status, table } from './dom.js';
import { fileTable } from './files.js';
import { showLive } from './live.js';
import { drawTimeline } from './timeline.js';
import { drawTopology } from './topology.js';

const kAgainAfter = 5000;  // while it is under way

function summaryTable(run) {
  return h('table', { class: 'summary' }, h('tbody', {}, run.table.rows.map(([label, text]) =>
    h('tr', {}, h('th', { scope: 'row' }, label), h('td', {}, text)))));
}

function assertionTable(run) {
  return table(['verdict', 'metric', 'actual', 'expected', 'what'], run.assertions.map((a) => [
    h('span', { class: a.passed ? 'good' : 'bad' }, a.passed ? '✓ passed' : '✗ failed'), a.metric, a.actual, a.expected, a.description,
  ]), { right: [0, 0, 1] });
}

function unfinished(run) {
  if (run.status === 'unreadable') return problem(run.problem);
  if (run.table || run.status === 'running') return null;
  if (run.quiet_s !== undefined && run.quiet_s < 15)
    return sentence('This run is probably under way: its files are being written. What it has so far is shown. (With `run --control` it could be watched and changed here.)');
  return sentence('This run did not come to its end: it was killed, or its host went down. What it left is shown.');
}

const part = (title, id, ...content) => ({ whole: h('section', { id, 'aria-labelledby': `${id}-title` }, h('h2', { id: `${id}-title` }, title), content), done: null });

function parts(run, info) {
  const duration = Number(/^([\d.]+) s/.exec(run.table?.rows.find(([label]) => label === 'simulated')?.[1] ?? '')?.[1]);
  return [
    run.table ? part('Summary', 'summary', summaryTable(run)) : null,
    run.assertions.length > 0 ? part('Assertions', 'assertions', assertionTable(run)) : null,
    section('Charts', 'charts', async (body) => drawCharts(body, await get('charts', { id: run.id }), info)),
    section('Topology', 'topology', (body) => drawTopology(body, run.id, info)),
    section('Events', 'events', (body) => drawTimeline(body, run.id, duration || 0)),
    run.hops ? part('Latency by hop', 'hops', served(run.hops)) : null,
    run.devices ? part('Devices', 'devices', served(run.devices)) : null,
    section('Consoles', 'consoles', (body) => drawConsoles(body, run.id, run.consoles)),
    part('Files', 'files', fileTable(run.files)),
  ].filter((p) => p);
}

export async function showRun(main, id, info) {
  const run = await get('run', { id });
  document.title = `${run.scenario} - xedgesim`;
  const live = h('section', { id: 'live', class: 'card', hidden: run.status !== 'running' });
  const all = parts(run, info);
  const compare = h('form', { class: 'bar', onsubmit: (e) => {
    e.preventDefault();
    location.href = `/?compare=${encodeURIComponent(id)}&compare=${encodeURIComponent(other.value)}`;
  } });
  const other = h('select', { 'aria-label': 'Another run' });
  const titles = all.map((p) => h('a', { href: `#${p.whole.id}` }, p.whole.querySelector('h2').textContent));
  replace(main,
    h('h1', {}, run.scenario, ' ', status(run.status)),
    h('p', { class: 'quiet' }, id, run.started ? `, begun ${run.started} UTC` : ''),
    run.description ? h('p', {}, run.description) : null,
    run.reason && run.table ? problem(run.reason) : null,
    unfinished(run),
    live,
    h('nav', { 'aria-label': 'Parts of this page' }, titles),
    compare,
    all.map((p) => p.whole));
  get('runs').then(({ runs }) => {
    // Runs of the same scenario first.
    const others = runs.filter((r) => r.id !== id).sort((a, b) => (b.scenario === run.scenario) - (a.scenario === run.scenario)).slice(0, 200);
    other.append(...others.map((r) => h('option', { value: r.id }, `${r.scenario}, ${r.id}`)));
    if (others.length > 0) compare.append(other, h('button', {}, 'Compare with it'));
  }).catch(() => {});
  if (run.status === 'running') {
    showLive(live, id, () => location.reload());
    const charts = document.querySelector('#charts > div'), events = document.querySelector('#events > div');
    const again = async () => {
      if (!document.hidden)
        await Promise.all([get('charts', { id }).then((a) => drawCharts(charts, a, info)), drawTimeline(events, id, 0)]).catch(() => {});
      setTimeout(again, kAgainAfter);
    };
    setTimeout(again, kAgainAfter);
  }
  await Promise.all(all.map((p) => p.done));
}
