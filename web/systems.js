// Systems that are up (`xedgesim up`), with their machines and a form for their links.
import { get } from './api.js';
import { h, problem, replace, seconds, status, table } from './dom.js';
import { changeForms } from './live.js';

const kProfiles = ['default', 'constrained', 'lossy'];
const kColumns = ['machine', 'state', 'architecture', 'accelerator', 'address', 'boots', 'frames in', 'frames out'];

// What changes all the time: the machines. Forms that somebody may be filling in stay.
function fill(part, system) {
  replace(part.head, `${system.name} `, status(system.up ? 'running' : 'failed'), system.time_s ? ` ${seconds(system.time_s)}` : '');
  replace(part.machines, problem(system.problem), table(kColumns,
    system.machines.map((m) => [m.id, m.state, m.arch, m.accelerator, m.ip, m.boots, m.frames_in, m.frames_out].map((v) => String(v ?? ''))),
    { right: [0, 0, 0, 0, 0, 1, 1, 1] }));
}

function make(system) {
  const part = { head: h('h3', {}), machines: h('div', {}) };
  part.whole = h('div', { class: 'card' }, part.head, part.machines,
    system.up ? changeForms({ system: system.name }, system.links ?? [], kProfiles) : null);
  return part;
}

let shape = '', parts = [];

export async function showSystems(element) {
  const { systems } = await get('systems');
  const now = JSON.stringify(systems.map((s) => [s.name, s.up, s.links]));
  if (now !== shape) {
    shape = now;
    parts = systems.map(make);
    replace(element, systems.length === 0 ? null : [h('h2', {}, 'Systems that are up'), parts.map((p) => p.whole)]);
  }
  systems.forEach((s, i) => fill(parts[i], s));
}
