// A run under way: how far it is, and what may be changed in it. The server passes requests on with the run's own
// token, which this page never has.
import { control, get } from './api.js';
import { h, replace, seconds } from './dom.js';

const kEvery = 1000;

function said(answer) {
  return typeof answer.applied_at_ns === 'number' ? `Takes effect at ${(answer.applied_at_ns / 1e9).toFixed(6)} s.` : 'Done.';
}

// Forms for link set and profile apply. `whom`: {run} or {system}.
export function changeForms(whom, links, profiles) {
  const told = h('p', { role: 'status' });
  const send = async (request) => {
    told.className = 'quiet';
    told.textContent = '…';
    try {
      told.textContent = said(await control({ ...whom, ...request }));
      told.className = 'good';
    } catch (error) {
      told.textContent = error.message;
      told.className = 'problem';
    }
  };
  const link = h('select', { 'aria-label': 'Link' }, links.map((l) => h('option', {}, l)));
  const values = h('input', { placeholder: 'latency=20ms loss_rate=1%', 'aria-label': 'Values of the link', size: 30 });
  const profile = h('select', { 'aria-label': 'Profile' }, profiles.map((p) => h('option', {}, p)));
  const set = (event) => {
    event.preventDefault();
    const pairs = values.value.trim().split(/\s+/).map((v) => v.split(/=(.*)/s));
    if (pairs.some(([key, value]) => !key || !value)) { told.className = 'problem'; told.textContent = 'Write KEY=VALUE, such as latency=20ms.'; return; }
    send({ command: 'link set', link: link.value, values: Object.fromEntries(pairs.map(([k, v]) => [k, v])) });
  };
  const apply = (event) => {
    event.preventDefault();
    send({ command: 'profile apply', profile: profile.value });
  };
  return h('div', {},
    links.length === 0 ? null : h('form', { class: 'bar', onsubmit: set }, link, values, h('button', {}, 'Set link')),
    links.length === 0 ? null : h('form', { class: 'bar', onsubmit: apply }, profile, h('button', {}, 'Apply profile')),
    told);
}

// Shows the run until it has ended, then calls `ended`.
export function showLive(element, id, ended) {
  const bar = h('progress', { max: 1, value: 0, 'aria-label': 'Simulated time' });
  const text = h('span', { role: 'status' });
  const told = h('span', { class: 'problem' });
  const act = (command) => () => control({ run: id, command }).then(() => look(), (e) => { told.textContent = e.message; });
  const pause = h('button', { type: 'button', onclick: act('pause') }, 'Pause');
  const resume = h('button', { type: 'button', onclick: act('resume') }, 'Resume');
  const stop = h('button', { type: 'button', onclick: act('stop') }, 'Stop');
  const forms = h('div', {});
  replace(element, h('h2', {}, 'Under way'), h('div', { class: 'bar' }, bar, text), h('div', { class: 'bar' }, pause, resume, stop, told), forms);
  let drawn = false;
  const look = async () => {
    const live = await get('live', { id });
    if (!live.live) return false;
    bar.value = live.duration_s > 0 ? live.time_s / live.duration_s : 0;
    text.textContent = `${seconds(live.time_s)} of ${seconds(live.duration_s)}, ${live.paused ? 'paused' : 'running'}, ${live.changes} change${live.changes === 1 ? '' : 's'}`;
    pause.disabled = live.paused;
    resume.disabled = !live.paused;
    if (!drawn) replace(forms, changeForms({ run: id }, live.links, live.profiles));
    drawn = true;
    return true;
  };
  const again = async () => {
    const on = await look().catch(() => true);
    if (on) setTimeout(again, kEvery);
    else ended();
  };
  again();
}
