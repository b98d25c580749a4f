// All runs and batches below the folder of results, and the systems that are up.
import { get } from './api.js';
import { h, problem, replace, seconds, sentence, short, status, table } from './dom.js';
import { showSystems } from './systems.js';

const kEvery = 3000;

function runRow(run, chosen, changed) {
  const box = h('input', {
    type: 'checkbox', 'aria-label': `Choose ${run.id} for a comparison`, checked: chosen.has(run.id),
    onchange: (e) => { e.target.checked ? chosen.add(run.id) : chosen.delete(run.id); changed(); },
  });
  const verdict = run.assertions_total > 0
    ? h('span', { class: run.assertions_passed === run.assertions_total ? 'good' : 'bad' }, `${run.assertions_passed}/${run.assertions_total}`)
    : '';
  return [
    box,
    h('a', { href: `/?run=${encodeURIComponent(run.id)}` }, run.scenario || run.id),
    h('span', { class: 'quiet' }, run.id),
    h('td', { class: 'time' }, run.started ?? ''),
    h('td', { title: run.problem ?? run.reason ?? '' }, status(run.status),
      run.quiet_s !== undefined && run.quiet_s < 15 ? ' still writing' : ''),
    verdict,
    h('td', { class: 'n', 'data-sort': run.duration_s ?? -1 }, seconds(run.duration_s)),
    h('td', { class: 'n', 'data-sort': run.speed_factor ?? -1 }, run.speed_factor ? `${run.speed_factor.toFixed(1)}x` : ''),
    h('td', {}, short(run.digest)),
  ];
}

const kColumns = ['', 'scenario', 'folder', 'start (UTC)', 'status', 'assertions', 'simulated', 'speed', 'digest'];

function batchRow(batch) {
  const counts = Object.entries(batch.statuses ?? {}).map(([name, n]) => [status(name), ` ${n} `]).flat();
  return [
    h('a', { href: `/?batch=${encodeURIComponent(batch.id)}` }, batch.name),
    h('span', { class: 'quiet' }, batch.id),
    batch.problem ? h('td', {}, problem(batch.problem)) : String(batch.runs),
    h('td', {}, ...counts),
  ];
}

export async function showList(main) {
  const chosen = new Set();
  const compare = h('button', { type: 'button', disabled: true, onclick: () => {
    location.href = `/?${[...chosen].map((id) => `compare=${encodeURIComponent(id)}`).join('&')}`;
  } }, 'Compare the chosen runs');
  const changed = () => { compare.disabled = chosen.size < 2 || chosen.size > 8; };
  const filter = h('input', { type: 'search', placeholder: 'Filter by name, status or digest', 'aria-label': 'Filter the runs' });
  const runs = h('div', { id: 'runs' }), batches = h('div', { id: 'batches' }), systems = h('div', { id: 'systems' });
  let seen = '', known = { runs: [], batches: [] };

  const draw = () => {
    const words = filter.value.toLowerCase().split(/\s+/);
    const fits = (run) => {
      const text = `${run.scenario} ${run.id} ${run.status} ${run.digest ?? ''}`.toLowerCase();
      return words.every((w) => text.includes(w));
    };
    const shown = known.runs.filter(fits);
    replace(runs,
      known.runs.length === 0 && known.batches.length === 0
        ? sentence('There are no results yet: `xedgesim run scenarios/vibration-monitoring/scenario.yaml` makes some.')
        : table(kColumns, shown.slice(0, 1000).map((r) => runRow(r, chosen, changed)), { right: [0, 0, 0, 0, 0, 0, 1, 1] }),
      shown.length > 1000 ? sentence(`${shown.length - 1000} older runs are not listed: filter by name.`) : null,
      problem(known.left_out));
    replace(batches, known.batches.length === 0 ? null
      : [h('h2', {}, 'Batches'), table(['batch', 'folder', 'runs', 'how they went'], known.batches.map(batchRow))]);
  };
  const look = async () => {
    const answer = await get('runs');
    const text = JSON.stringify(answer);
    if (text === seen) return;
    seen = text;
    known = answer;
    draw();
  };
  filter.addEventListener('input', draw);
  await look();
  replace(main, h('h1', {}, 'Runs'), h('div', { class: 'bar' }, filter, compare), runs, batches, systems);
  await showSystems(systems);
  const again = () => setTimeout(async () => {
    if (!document.hidden) await Promise.all([look(), showSystems(systems)]).catch(() => {});
    again();
  }, kEvery);
  again();
}
