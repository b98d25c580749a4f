// One batch: its runs, what the variants cost and gain, and its report.
import { get } from './api.js';
import { drawCharts } from './charts.js';
import { h, replace, section, seconds, sentence, served, short, status, table } from './dom.js';
import { fileTable } from './files.js';

export async function showBatch(main, id, info) {
  const batch = await get('batch', { id });
  document.title = `${batch.name} - xedgesim`;
  const report = batch.files.find((f) => f.name === 'report.html');
  const charts = section('Charts', 'charts', async (body) => {
    const answer = await get('charts', { id });
    await drawCharts(body, answer, info);
  });
  const figures = section('Variants side by side', 'figures', async (body) => {
    const answer = await get('compare', { id, all: '1' });
    replace(body, served(answer.figures));
  });
  replace(main,
    h('h1', {}, batch.name),
    report ? h('p', {}, h('a', { href: report.link, target: '_blank', rel: 'noopener' }, 'The batch’s own report')) : null,
    table(['run', 'variant', 'seed', 'status', 'wall time', 'digest'], batch.runs.map((r) => [
      r.digest ? h('a', { href: `/?run=${encodeURIComponent(r.id)}` }, r.name) : r.name,
      r.variant, r.seed, h('td', { title: r.reason }, status(r.status)), r.wall_s ? seconds(r.wall_s) : '', short(r.digest),
    ]), { right: [0, 0, 1, 0, 1] }),
    batch.runs.length === 0 ? sentence('No run of it has begun.') : null,
    charts.whole, figures.whole,
    h('section', { id: 'files' }, h('h2', {}, 'Files'), fileTable(batch.files)));
  await Promise.all([charts.done, figures.done]);
}
