import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { aptInstall } from '../debian/apt.js';
import { readHost } from '../debian/host.js';
import { LabError, say } from '../program.js';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Without a font, a page shows boxes instead of letters. */
const PACKAGES = ['chromium', 'fonts-dejavu-core'];

/**
 * The path of Chromium or Chrome. As root on Debian, it is installed if it is missing.
 *
 * @throws LabError if there is none and a person has to install it.
 */
export async function ensureBrowser(): Promise<string> {
  const present = findBrowser();
  if (present) return present;
  const { debian, root } = readHost();
  if (!debian || !root) {
    throw new LabError(
      'There is no Chromium on the PATH: install it, or set BROWSER_PATH to a Chrome or Chromium.',
    );
  }
  say('installing chromium ...');
  await aptInstall(PACKAGES);
  const installed = findBrowser();
  if (!installed) throw new Error('chromium was installed and is not on the PATH');
  return installed;
}

function findBrowser(): string | undefined {
  const named = process.env['BROWSER_PATH'];
  if (named) return named;
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
