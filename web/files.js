import { bytes, h, table } from './dom.js';

export function fileTable(files) {
  return table(['file', 'size'], files.map((f) => [
    h('a', f.name.endsWith('report.html') ? { href: f.link, target: '_blank', rel: 'noopener' } : { href: f.link, download: f.name.split('/').pop() }, f.name),
    h('td', { class: 'n', 'data-sort': f.size }, bytes(f.size)),
  ]), { right: [0, 1] });
}
