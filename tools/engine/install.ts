import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { aptInstall } from '../debian/apt.js';
import { findReleaseSource, formatSource, readAptSources } from '../debian/sources.js';
import { LabError } from '../program.js';

const SOURCE = '/etc/apt/sources.list.d/micro-trixie.sources';
const PIN = '/etc/apt/preferences.d/micro-trixie';

/** Priority 100: no package comes from trixie unless it is requested by name. Packages that did are kept up to date. */
const PIN_TEXT = 'Package: *\nPin: release n=trixie\nPin-Priority: 100\n';

/**
 * Installs Docker's parts from Debian packages.
 *
 * @throws LabError if apt fails or this machine has no apt source with a Debian release.
 */
export async function installDocker(packages: string[], trixieOn?: string): Promise<void> {
  if (trixieOn) addTrixie(trixieOn);
  await aptInstall(packages);
}

/** Adds Debian 13 beside the machine's own release, from the mirror the machine already uses. */
function addTrixie(codename: string): void {
  const sources = readAptSources();
  if (sources.some(({ suites }) => suites.includes('trixie'))) return;
  const own = findReleaseSource(sources, codename);
  if (!own) {
    throw new LabError(
      `/etc/apt: no source serves "${codename} main", so there is no mirror to take Docker from; add one.`,
    );
  }
  // The pin comes first: without it, the next upgrade would move the whole machine to trixie.
  writeWhereDifferent(PIN, PIN_TEXT);
  writeWhereDifferent(SOURCE, formatSource(own, 'trixie'));
}

function writeWhereDifferent(file: string, text: string): void {
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text) writeFileSync(file, text);
}
