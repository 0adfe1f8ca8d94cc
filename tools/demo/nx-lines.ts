import { stripVTControlCharacters } from 'node:util';

/** The lines in which the executors report what they did to a service. All other output of Nx is left out. */
const TOLD: Record<string, RegExp> = {
  'docker-build': /^(?<service>\S+) {2}(?<rest>(?:built|pulled|building|up to date)\b.*)$/,
  'docker-push':
    /^(?<service>\S+) {2}(?<rest>(?:pushed|up to date) .*@sha256.*|nothing to push.*)$/,
  'compose-deploy':
    /^(?:(?<service>\S+) {2}(?<rest>(?:healthy|stopped|done|up to date)\b.*)| {2}(?:create|update|restart) +(?<planned>\S+) {2,}(?<reason>[^;]*).*)$/,
};

/** `orders    built     demo/orders:k-0a2a79bffe51… 2.02 MB over its base 0.2 s`, or nothing. */
export function tellTarget(target: string, line: string): string | undefined {
  const plain = stripVTControlCharacters(line).replace(/^[\w-]+: /, '');
  const { service, rest, planned, reason } = TOLD[target]?.exec(plain)?.groups ?? {};
  const who = service ?? planned;
  if (who === undefined) return undefined;
  return `${who.padEnd(9)} ${shorten(rest ?? reason ?? '')}`;
}

/** Hashes shortened to 12 digits, as docker prints them. */
function shorten(text: string): string {
  return text.replace(/\b(k-|sha256:)([0-9a-f]{12})[0-9a-f]*…?/g, '$1$2…');
}
