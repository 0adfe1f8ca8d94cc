/** `npm install` without questions and reports. */
export const INSTALL = ['install', '--no-audit', '--no-fund', '--loglevel=error'];
