// Systems that are up (`xedgesim up`), with their machines and a form for their links.
import { get } from './api.js';
import { h, problem, replace, seconds, status, table } from './dom.js';
import { changeForms } from './live.js';

const kProfiles = ['default', 'constrained', 'lossy'];
let seen = '';

function systemPart(system) {
  return h('div', { class: 'card' },
    h('h3', {}, `${system.name} `, status(system.up ? 'running' : 'failed'), system.time_s ? ` ${seconds(system.time_s)}` : ''),
    problem(system.problem),
    table(['machine', 'state', 'architecture', 'accelerator', 'address', 'boots', 'frames in', 'frames out'],
      system.machines.map((m) => [m.id, m.state, m.arch, m.accelerator, m.ip, m.boots, m.frames_in, m.frames_out].map((v) => String(v ?? ''))),
      { right: [0, 0, 0, 0, 0, 1, 1, 1] }),
    system.up ? changeForms({ system: system.name }, system.links ?? [], kProfiles) : null);
}

export async function showSystems(element) {
  const { systems } = await get('systems');
  // Counters change all the time; forms that somebody is filling in are left alone.
  const text = JSON.stringify(systems.map((s) => [s.name, s.up, s.problem, s.machines.map((m) => [m.id, m.state, m.boots])]));
  if (text === seen) return;
  seen = text;
  replace(element, systems.length === 0 ? null : [h('h2', {}, 'Systems that are up'), systems.map(systemPart)]);
}
