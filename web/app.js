// Which page the address asks for: /, /?run=ID, /?batch=ID, /?compare=ID&compare=ID.
import { get, takeToken } from './api.js';
import { h, replace, sentence } from './dom.js';
import { showList } from './list.js';
import { showRun } from './run.js';
import { showBatch } from './batch.js';
import { showComparison } from './compare.js';

async function show() {
  takeToken();
  const main = document.getElementById('main');
  const query = new URLSearchParams(location.search);
  replace(main, sentence('Loading…'));
  try {
    const info = await get('info');
    replace(document.getElementById('foot'), `xedgesim ${info.version}, ${info.folder}`);
    if (query.has('run')) await showRun(main, query.get('run'), info);
    else if (query.has('batch')) await showBatch(main, query.get('batch'), info);
    else if (query.has('compare')) await showComparison(main, query.getAll('compare'), query.has('all'), info);
    else await showList(main, info);
    document.documentElement.dataset.ready = 'yes';
  } catch (error) {
    replace(main, h('h1', {}, 'Not shown'), h('p', { class: 'problem', role: 'alert' }, error.message));
  }
}

show();
