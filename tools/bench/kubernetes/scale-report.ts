import { median } from '../report/statistics.js';
import { formatTable } from '../report/tables.js';
import { SCALE_STEPS, type ScaleReading, type ScaleStep } from './measure-scale.js';

/** One row per step, one column per size. @param sizes the readings of each size. */
export function scaleTable(sizes: readonly (readonly ScaleReading[])[]): string {
  const first = sizes.map((readings) => readings[0]!);
  return formatTable(
    ['', ...first.map(({ services }) => `${services.toLocaleString('en')} services`)],
    [
      ['objects', ...first.map(({ objects }) => objects.toLocaleString('en'))],
      ['their lists, MB', ...first.map(({ listed }) => listed.toFixed(1))],
      ...Object.entries(SCALE_STEPS).map(([step, title]) => [
        `${title}, s`,
        ...sizes.map((readings) => secondsOf(readings, step as ScaleStep).toFixed(3)),
      ]),
      [
        'most memory of the process, MB',
        ...sizes.map((readings) => median(readings.map(({ memory }) => memory)).toFixed(0)),
      ],
    ],
  );
}

/** How time grows: the exponent e in `time ~ services^e` between the two largest sizes. */
export function scaleLine(sizes: readonly (readonly ScaleReading[])[]): string {
  const [small, large] = sizes.slice(-2);
  if (!small?.[0] || !large?.[0]) return '';
  const factor = large[0].services / small[0].services;
  const named = Object.entries(SCALE_STEPS).map(([step, title]) => {
    const [few, many] = [small, large].map((one) => secondsOf(one, step as ScaleStep));
    return `${title} ${(Math.log(many! / few!) / Math.log(factor)).toFixed(2)}`;
  });
  return (
    `From ${small[0].services} to ${large[0].services} services, time grows with this power of their ` +
    `number (1 is linear): ${named.join(', ')}.`
  );
}

function secondsOf(readings: readonly ScaleReading[], step: ScaleStep): number {
  return median(readings.map(({ seconds }) => seconds[step]));
}
