/** `npm install` without prompts, audit and funding messages. */
export const INSTALL = ['install', '--no-audit', '--no-fund', '--loglevel=error'];
