// What a node printed: the end of it, and further back on demand.
import { get } from './api.js';
import { bytes, h, replace, sentence } from './dom.js';

export function drawConsoles(body, id, consoles) {
  if (consoles.length === 0) return replace(body, sentence('No console was recorded.'));
  const choice = h('select', { 'aria-label': 'Console of' }, consoles.map((c) => h('option', { value: c.name }, `${c.name} (${bytes(c.size)})`)));
  const text = h('pre', { class: 'console', tabindex: 0, 'aria-label': 'Console' });
  const told = h('span', { class: 'quiet' });
  let begin = 0;
  const show = async (before) => {
    try {
      const w = await get('console', before ? { id, node: choice.value, before } : { id, node: choice.value });
      begin = w.begin;
      text.textContent = before ? w.text + text.textContent : w.text;
      if (!before) text.scrollTop = text.scrollHeight;
      told.textContent = begin > 0 ? `The first ${bytes(begin)} are not shown.` : '';
      earlier.disabled = begin === 0;
    } catch (error) {
      text.textContent = error.message;
    }
  };
  const earlier = h('button', { type: 'button', onclick: () => show(begin) }, 'Earlier');
  const again = h('button', { type: 'button', onclick: () => show(0) }, 'Newest');
  choice.addEventListener('change', () => show(0));
  replace(body, h('div', { class: 'bar' }, choice, earlier, again, told), text);
  return show(0);
}
