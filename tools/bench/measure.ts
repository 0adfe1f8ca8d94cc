import { say } from '../program.js';
import { readImages } from './engine/images.js';
import { SERVICE_NAMES } from './application/services.js';
import { median } from './report/statistics.js';
import type { Results } from './results.js';
import type { Site } from './site.js';
import { runAll, timeBuild } from './work/build.js';
import type { Work } from './work/work.js';

/**
 * Does one work for all sites in turn, in reverse order in every second round, so that other load on the machine
 * affects all of them alike.
 */
export async function measureWork(
  work: Work,
  sites: readonly Site[],
  rounds: number,
  interrupted: AbortSignal,
): Promise<Results['readings'][string]> {
  const taking = sites.filter(({ contender }) => work.contenders?.includes(contender.id) ?? true);
  const readings: Results['readings'][string] = {};
  for (const site of taking) {
    if (work.needsImages || work.open) await haveImages(site);
    await work.open?.(site);
    for (let count = 0; count < work.warmUps; count++) await once(work, site, interrupted);
  }
  for (let round = 0; round < rounds; round++) {
    for (const site of round % 2 === 0 ? taking : taking.toReversed()) {
      const reading = await once(work, site, interrupted);
      (readings[site.contender.id] ??= []).push(reading);
    }
  }
  for (const site of taking) {
    await work.close?.(site);
    say(formatReadings(work, site, readings));
  }
  return readings;
}

async function once(work: Work, site: Site, interrupted: AbortSignal) {
  interrupted.throwIfAborted();
  await work.prepare?.(site);
  return work.measure(site);
}

/** The images of the commit, all of them, made by the tool itself. */
async function haveImages(site: Site): Promise<void> {
  await timeBuild(site, runAll(site));
  const missing = SERVICE_NAMES.length - Object.keys(await readImages(site)).length;
  if (missing > 0) throw new Error(`${site.contender.title} left out ${missing} images`);
}

function formatReadings(work: Work, { contender }: Site, readings: Results['readings'][string]) {
  const own = readings[contender.id] ?? [];
  const values = own.map(({ value }) => value);
  const effects = own.map(({ built, changed }) =>
    built === undefined ? '' : `${built}/${changed}`,
  );
  return [
    work.id.padEnd(22),
    contender.column.padEnd(3),
    `${median(values).toFixed(3)} ${work.unit}`.padStart(12),
    values.map((value) => value.toFixed(2)).join(' '),
    [...new Set(effects)].join(' '),
  ].join('  ');
}
