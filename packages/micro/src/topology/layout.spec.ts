import { describe, expect, it } from 'vitest';
import { largeTopology, shopTopology } from '../testing/example-topology';
import { platformOf } from '../testing/platform';
import { topologyOf } from './graph';
import { layoutTopology, type Box } from './layout';

const right = ({ x, width }: Box) => x + width;
const bottom = ({ y, height }: Box) => y + height;

describe('layoutTopology', () => {
  it('puts callers to the left of the services that they call', () => {
    const { boxes } = layoutTopology(shopTopology());
    const at = (id: string) => boxes.find((box) => box.id === id)!;
    expect(right(at('outside:outside'))).toBeLessThan(at('service:gateway').x);
    expect(right(at('service:gateway'))).toBeLessThan(at('service:orders').x);
    expect(right(at('service:orders'))).toBeLessThan(at('event:order.placed').x);
    expect(right(at('event:order.placed'))).toBeLessThan(at('service:mailer').x);
  });

  it('makes a box higher for each datastore', () => {
    const { boxes } = layoutTopology(shopTopology());
    const height = (name: string) => boxes.find((box) => box.name === name)!.height;
    expect(height('orders')).toBeGreaterThan(height('users'));
    expect(height('users')).toBeGreaterThan(height('gateway'));
  });

  it('ends each line at its boxes', () => {
    const { boxes, lines } = layoutTopology(shopTopology());
    for (const { from, to, points } of lines) {
      const start = boxes.find(({ id }) => id === from)!;
      const end = boxes.find(({ id }) => id === to)!;
      expect(points[0]).toEqual({ x: right(start), y: start.y + start.height / 2 });
      expect(points.at(-1)).toEqual({ x: end.x, y: end.y + end.height / 2 });
    }
  });

  it.each([5, 60, 200])('lays no box of %i services over another', (count) => {
    const { boxes, width, height } = layoutTopology(largeTopology(count));
    for (const [index, a] of boxes.entries()) {
      expect(a.x >= 0 && a.y >= 0 && right(a) <= width && bottom(a) <= height).toBe(true);
      const covered = boxes
        .slice(index + 1)
        .filter((b) => a.x < right(b) && b.x < right(a) && a.y < bottom(b) && b.y < bottom(a));
      expect(covered).toEqual([]);
    }
  });

  it('can draw links that lead back', () => {
    const { lines } = layoutTopology(
      topologyOf(
        platformOf({ a: 'port: 3001\nconsumes: [b]\n', b: 'port: 3002\nconsumes: [a]\n' }),
      ),
    );
    expect(lines.map(({ from, to }) => `${from} ${to}`)).toEqual([
      'service:a service:b',
      'service:b service:a',
    ]);
    expect(lines.every(({ points }) => points.length >= 2)).toBe(true);
  });

  it('gives the same picture for the same platform', () => {
    expect(layoutTopology(largeTopology(60))).toEqual(layoutTopology(largeTopology(60)));
  });

  it('has a size even if it is empty', () => {
    const { width, height } = layoutTopology(topologyOf(platformOf({})));
    expect([width, height]).toEqual([48, 48]);
  });
});
