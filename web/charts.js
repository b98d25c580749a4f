// Charts: lines and histograms by uPlot where it is there, all others as the server drew them.
import { h, problem, replace, sentence, svg } from './dom.js';

const kHeight = 260;

function style(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// Vertical lines, such as faults.
function marksPlugin(marks) {
  return {
    hooks: {
      draw: (u) => {
        const { ctx, bbox } = u;
        ctx.save();
        ctx.strokeStyle = ctx.fillStyle = style('--bad');
        ctx.lineWidth = devicePixelRatio;
        ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
        ctx.textAlign = 'left';
        ctx.textBaseline = 'alphabetic';
        ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
        for (const mark of marks) {
          const x = Math.round(u.valToPos(mark.x, 'x', true));
          if (x < bbox.left || x > bbox.left + bbox.width) continue;
          ctx.beginPath();
          ctx.moveTo(x, bbox.top);
          ctx.lineTo(x, bbox.top + bbox.height);
          ctx.stroke();
          if (!mark.begins) continue;
          ctx.save();
          ctx.translate(x - 4 * devicePixelRatio, bbox.top + bbox.height - 6 * devicePixelRatio);
          ctx.rotate(-Math.PI / 2);
          ctx.fillText(mark.label.slice(0, 40), 0, 0);
          ctx.restore();
        }
        ctx.restore();
      },
    },
  };
}

function unsharedColumns(uPlot, chart) {
  return uPlot.join(chart.series.map((s) => [s.x, s.y]));
}

// Room for the longest number at the axis.
function widthFor(u, values) {
  return 22 + 7 * Math.max(4, ...(values ?? []).map((v) => String(v ?? '').length));
}

function plot(uPlot, chart, element) {
  const [xName, note] = chart.x_label.split('; ');
  const axis = { stroke: style('--text'), grid: { stroke: style('--line'), width: 1 }, ticks: { stroke: style('--line') } };
  const options = {
    width: element.clientWidth || 560,
    height: kHeight,
    title: chart.title,
    scales: { x: { time: false }, y: { range: (u, low, high) => {
      if (low === null) return [0, 1];
      const from = chart.y_from_zero ? Math.min(0, low) : low;
      return from === high ? [from, from + 1] : [from, high + (high - from) * 0.05];
    } } },
    cursor: { sync: chart.x_label === 'time (s)' ? { key: 'time' } : undefined },
    axes: [{ ...axis, label: xName }, { ...axis, label: chart.y_label, size: widthFor }],
    series: [
      { label: xName, value: (u, v) => (v === null ? '-' : v.toPrecision(6).replace(/\.?0+$/, '')) },
      ...chart.series.map((s) => ({
        label: s.name, stroke: s.colour === '#444444' ? style('--text') : s.colour, width: 1.5, spanGaps: true,
        points: { show: s.x.length === 1 },
        paths: chart.kind === 'steps' ? uPlot.paths.stepped({ align: 1 }) : undefined,
        value: (u, v) => (v === null || v === undefined ? '-' : String(Number(v.toPrecision(5)))),
      })),
    ],
    plugins: [marksPlugin(chart.marks)],
  };
  const drawn = new uPlot(options, unsharedColumns(uPlot, chart), element);
  if (note) element.append(sentence(`${note[0].toUpperCase()}${note.slice(1)}.`));
  new ResizeObserver(() => {
    const width = element.clientWidth;
    if (width > 0 && width !== drawn.width) drawn.setSize({ width, height: kHeight });
  }).observe(element);
}

let library = null;
async function loadLibrary() {
  if (!library) {
    document.head.append(h('link', { rel: 'stylesheet', href: '/uPlot.min.css' }));
    library = import('/uPlot.esm.js').then((m) => m.default);
  }
  return library;
}

// `answer`: {"charts", "left_out"} of the server.
export async function drawCharts(element, answer, info) {
  const uPlot = info.charts ? await loadLibrary() : null;
  const figures = answer.charts.map((c) => h('figure', { class: 'chart', 'data-chart': c.id, 'aria-label': c.title }));
  replace(element,
    problem(answer.left_out),
    answer.charts.length === 0 && !answer.left_out ? sentence('The run recorded nothing that a chart shows (metrics.collect).') : null,
    h('div', { class: 'charts' }, figures),
    info.charts ? null : sentence('Drawn without zoom and cursor: `scripts/setup --with web` and a build bring uPlot.'));
  answer.charts.forEach((chart, i) => {
    if (uPlot && (chart.kind === 'lines' || chart.kind === 'steps')) plot(uPlot, chart, figures[i]);
    else figures[i].append(svg(chart.svg));
  });
}
