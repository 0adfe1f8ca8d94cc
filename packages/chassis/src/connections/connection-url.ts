/**
 * Checked before a driver sees it: errors about an invalid URL carry the URL, and with it the password.
 * @throws {TypeError} without the URL.
 */
export function checkConnectionUrl(name: string, url: string, protocols: readonly string[]): void {
  if (URL.canParse(url) && protocols.includes(new URL(url).protocol)) return;
  throw new TypeError(
    `the URL of "${name}" must look like ${protocols[0]}//user:password@host:port/database, ` +
      'with special characters of the password percent-encoded',
  );
}
