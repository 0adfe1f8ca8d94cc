import { dot, line, svg, text } from '../report/svg.js';
import type { Series } from './measure-size.js';
import { middle, type GrowthResults } from './report.js';

const WIDTH = 720;
const HEIGHT = 440;
const LEFT = 64;
const RIGHT = 210;
const TOP = 40;
const BOTTOM = 50;

interface Curve {
  series: Series;
  title: string;
  colour: string;
  /** From the reading's unit to seconds. */
  scale: number;
}

const CURVES: readonly Curve[] = [
  { series: 'cold without', title: 'graph without, cold', colour: '#afb8c1', scale: 1 },
  { series: 'cold with', title: 'graph with, cold', colour: '#1a7f37', scale: 1 },
  { series: 'warm without', title: 'graph without, warm', colour: '#d0d7de', scale: 1 },
  { series: 'warm with', title: 'graph with, warm', colour: '#4ac26b', scale: 1 },
  { series: 'affected', title: 'nx affected, one change', colour: '#0969da', scale: 1 },
  { series: 'sync:check', title: 'nx sync:check', colour: '#8250df', scale: 1 },
  { series: 'first', title: 'the plugin alone', colour: '#bc4c00', scale: 0.001 },
];

/** Seconds over services, both logarithmic, so that linear growth is parallel to the dashed line. */
export function growthPicture({ sizes }: Pick<GrowthResults, 'sizes'>): string {
  const curves = CURVES.map((curve) => ({
    ...curve,
    points: sizes.map((size) => [size.services, middle(size, curve.series) * curve.scale] as const),
  }));
  const xs = sizes.map(({ services }) => services);
  const ys = curves.flatMap(({ points }) => points.map(([, y]) => y));
  const x = logScale(Math.min(...xs), Math.max(...xs), LEFT, WIDTH - RIGHT);
  const [low, high] = [decade(Math.min(...ys), Math.floor), decade(Math.max(...ys), Math.ceil)];
  const y = logScale(low, high, HEIGHT - BOTTOM, TOP);

  const shapes = [text({ x: LEFT - 50, y: 20, text: 'seconds', size: 11 })];
  for (let value = low; value <= high * 1.001; value *= 10) {
    shapes.push(
      line(
        [
          [LEFT, y(value)],
          [WIDTH - RIGHT, y(value)],
        ],
        '#eaeef2',
        1,
      ),
    );
    shapes.push(
      text({ x: LEFT - 8, y: y(value) + 4, text: label(value), anchor: 'end', size: 11 }),
    );
  }
  for (const services of xs) {
    const title = services.toLocaleString('en');
    shapes.push(text({ x: x(services), y: HEIGHT - 28, text: title, anchor: 'middle', size: 11 }));
  }
  shapes.push(
    text({
      x: (LEFT + WIDTH - RIGHT) / 2,
      y: HEIGHT - 8,
      text: 'services',
      anchor: 'middle',
      size: 11,
    }),
  );
  for (const { points, colour } of curves) {
    const places = points.map(([services, value]) => [x(services), y(value)] as const);
    shapes.push(line(places, colour), ...places.map(([px, py]) => dot(px, py, colour)));
  }
  shapes.push(
    ...legend(
      curves.map(({ title, colour, points }) => ({ title, colour, at: y(points.at(-1)![1]) })),
    ),
  );
  return svg(WIDTH, HEIGHT, shapes);
}

/** Labels at the ends of the curves, moved apart if they would overlap. */
function legend(ends: readonly { title: string; colour: string; at: number }[]): string[] {
  let last = -Infinity;
  return ends
    .toSorted((a, b) => a.at - b.at)
    .map(({ title, colour, at }) => {
      last = Math.max(at, last + 17);
      return text({ x: WIDTH - RIGHT + 12, y: last + 4, text: title, colour, size: 12 });
    });
}

function logScale(from: number, to: number, start: number, end: number) {
  const span = Math.log(to / from) || 1;
  return (value: number) => start + (Math.log(value / from) / span) * (end - start);
}

function decade(value: number, towards: (exponent: number) => number): number {
  return 10 ** towards(Math.log10(value));
}

function label(value: number): string {
  return String(Number(value.toPrecision(1)));
}
