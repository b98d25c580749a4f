// Requests to the server. The token comes in the address's fragment, which browsers send to nobody, and is kept for
// this origin only.
const kKey = 'xedgesim-token';

export function takeToken() {
  const found = /^#token=([\w-]+)$/.exec(location.hash);
  if (!found) return;
  localStorage.setItem(kKey, found[1]);
  history.replaceState(null, '', location.pathname + location.search);
}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, {
      ...options,
      headers: { ...options.headers, Authorization: `Bearer ${localStorage.getItem(kKey) ?? ''}` },
    });
  } catch {
    throw new Error('The server does not answer: has `xedgesim serve` ended?');
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? `The server answers ${response.status}.`);
  return answer;
}

// get('charts', {id: 'a/b'}); a list gives the parameter several times.
export function get(name, parameters = {}) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters))
    for (const one of [value].flat()) query.append(key, one);
  return ask(`/api/${name}?${query}`, {});
}

export function control(request) {
  return ask('/api/control', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(request),
  });
}
