// The system as a graph: Cytoscape.js where it is there, else as the server drew it.
import { get } from './api.js';
import { h, problem, replace, sentence, svg } from './dom.js';

const kKinds = {
  device: ['#0072b2', 'ellipse'], gateway: ['#e69f00', 'diamond'], edge: ['#e69f00', 'round-rectangle'],
  cloud: ['#56b4e9', 'round-rectangle'], machine: ['#009e73', 'rectangle'], container: ['#cc79a7', 'round-hexagon'],
  process: ['#cc79a7', 'rectangle'], host: ['#8c6d31', 'rectangle'], model: ['#009e73', 'ellipse'],
  switch: ['#666666', 'hexagon'], interferer: ['#d55e00', 'star'],
};

const kLargest = 1.3;  // of the first look: a small system need not fill the page

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function legend(nodes) {
  const kinds = [...new Set(nodes.map((n) => n.kind))];
  return h('p', { class: 'legend' }, kinds.map((k) => {
    const dot = h('span', { class: `dot ${k}`, 'aria-hidden': 'true' });
    return h('span', {}, dot, ` ${k} (${nodes.filter((n) => n.kind === k).length})`);
  }));
}

async function graph(element, view, told) {
  const { default: cytoscape } = await import('/cytoscape.esm.min.mjs');
  const kinds = Object.entries(kKinds).map(([kind, [colour, shape]]) => ({
    selector: `node[kind = "${kind}"]`, style: { 'background-color': colour, shape },
  }));
  const cy = cytoscape({
    container: element,
    elements: [
      ...view.nodes.map((n) => ({ data: { ...n }, position: { x: n.x, y: n.y } })),
      ...view.edges.map((e, i) => ({ data: { id: `edge ${i}`, source: e.from, target: e.to, kind: e.kind, label: e.label } })),
    ],
    layout: { name: 'preset', padding: 24 },
    minZoom: 0.1, maxZoom: 4,
    style: [
      { selector: 'node', style: { label: 'data(label)', color: style('--text'), 'font-size': 11, 'text-valign': 'bottom', 'text-margin-y': 3, width: 26, height: 26 } },
      { selector: 'node[kind = "device"]', style: { width: 16, height: 16, 'font-size': 9 } },
      { selector: 'edge', style: { width: 1.5, 'line-color': style('--edge'), 'curve-style': 'bezier' } },
      { selector: 'edge[kind = "radio"]', style: { 'line-style': 'dashed', width: 1 } },
      { selector: 'edge[kind = "cable"], edge[kind = "path"]', style: { label: 'data(label)', 'font-size': 8, color: style('--quiet'), 'text-rotation': 'autorotate', 'text-margin-y': -6 } },
      { selector: ':selected', style: { 'border-width': 3, 'border-color': style('--text'), 'line-color': style('--text') } },
      ...kinds,
    ],
  });
  if (cy.zoom() > kLargest) {
    cy.zoom(kLargest);
    cy.center();
  }
  cy.on('select tap', 'node, edge', (e) => {
    const d = e.target.data();
    replace(told, d.source ? `${d.source} to ${d.target}: ${d.kind}${d.label ? `, ${d.label}` : ''}` : `${d.id}: ${d.kind}${d.detail ? `, ${d.detail}` : ''}`);
  });
}

export async function drawTopology(body, id, info) {
  const view = await get('topology', { id });
  if (view.problem) return replace(body, problem(view.problem));
  const picture = h('div', { class: 'graph' });
  const told = h('p', { class: 'quiet', 'aria-live': 'polite' }, info.graph ? 'Choose a node or a link to see what it is.' : '');
  const list = h('details', {}, h('summary', {}, 'As a list'), h('ul', {}, view.nodes.slice(0, 1000).map((n) =>
    h('li', {}, `${n.id}: ${n.kind}${n.detail ? `, ${n.detail}` : ''}`))));
  replace(body, legend(view.nodes), picture, told, list,
    info.graph ? null : sentence('Drawn without zoom: `scripts/setup --with web` and a build bring Cytoscape.js.'));
  if (view.nodes.length === 0) return replace(picture, sentence('The scenario has no nodes.'));
  if (info.graph) await graph(picture, view, told);
  else picture.append(svg(view.svg));
}
