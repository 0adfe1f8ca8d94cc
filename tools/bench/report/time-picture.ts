import type { ContenderId } from '../contenders/contender.js';
import type { Results } from '../results.js';
import { median } from './statistics.js';
import { bar, svg, text } from './svg.js';
import { formatValue, valuesOf, type ColumnHeading, type WorkHeading } from './tables.js';

const COLOURS: Record<ContenderId, string> = {
  'nx-docker': '#8c959f',
  'nx-container': '#afb8c1',
  textbook: '#d0d7de',
  micro: '#1a7f37',
};

const WIDTH = 860;
const LABELS = 250;
const BARS = WIDTH - LABELS - 80;
const BAR = 13;
const GAP = 14;

/** Bars of the medians. Each work has its own scale, in which the slowest contender has the full width. */
export function timePicture(
  works: readonly WorkHeading[],
  columns: readonly ColumnHeading[],
  results: Pick<Results, 'readings'>,
): string {
  const shapes: string[] = [];
  let y = 34;
  columns.forEach(({ id, column }, index) => {
    const x = LABELS + index * 70;
    shapes.push(bar(x, 14, 12, 12, COLOURS[id]));
    shapes.push(text({ x: x + 18, y: 24, text: column, bold: id === 'micro' }));
  });
  shapes.push(
    text({ x: WIDTH - 10, y: 24, text: 'medians; shorter is better', anchor: 'end', size: 11 }),
  );
  for (const work of works.filter(({ id }) => results.readings[id])) {
    const values = valuesOf(work, results);
    const shown = columns.filter(({ id }) => values[id]);
    const longest = Math.max(...shown.map(({ id }) => median(values[id]!)));
    y += GAP;
    const middle = y + (shown.length * BAR) / 2 + 4;
    shapes.push(text({ x: LABELS - 12, y: middle, text: work.title, anchor: 'end' }));
    for (const { id } of shown) {
      const width = Math.max(2, (median(values[id]!) / longest) * BARS);
      shapes.push(bar(LABELS, y, width, BAR - 2, COLOURS[id]));
      shapes.push(
        text({
          x: LABELS + width + 6,
          y: y + BAR - 3,
          text:
            work.unit === 's' ? `${formatValue(values[id], 's')} s` : formatValue(values[id], 'ms'),
          size: 11,
          bold: id === 'micro',
        }),
      );
      y += BAR;
    }
  }
  return svg(WIDTH, y + 20, shapes);
}
