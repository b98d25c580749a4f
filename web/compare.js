// Runs side by side.
import { get } from './api.js';
import { drawCharts } from './charts.js';
import { h, replace, sentence, served } from './dom.js';

export async function showComparison(main, ids, all, info) {
  document.title = 'Comparison - xedgesim';
  const answer = await get('compare', all ? { id: ids, all: '1' } : { id: ids });
  const digests = new Set(answer.columns.map((c) => c.digest));
  const other = new URLSearchParams(ids.map((id) => ['compare', id]));
  if (!all) other.append('all', '1');
  const charts = h('div', {});
  replace(main,
    h('h1', {}, 'Side by side'),
    h('p', {}, digests.size === 1 ? 'All have the same digest: the same run.' : `${answer.columns.length} columns, ${digests.size} digests.`),
    h('ul', {}, ids.map((id) => h('li', {}, h('a', { href: `/?run=${encodeURIComponent(id)}` }, id)))),
    h('h2', {}, 'Figures'),
    h('p', {}, h('a', { href: `/?${other}` }, all ? 'Only what differs' : 'All figures')),
    answer.figures.rows.length === 0 ? sentence('All figures are the same.') : served(answer.figures),
    h('h2', {}, 'Inputs that differ'),
    answer.inputs.rows.length === 0 ? sentence('No difference in the inputs is known.') : served(answer.inputs),
    h('h2', {}, 'Charts'), charts);
  await drawCharts(charts, answer, info);
}
