import { SERVICE_KEY_HEADER } from '../context/headers.js';

const HIDDEN = '***';

// Callers choose the paths of requests. So each repetition that can start anywhere is bounded, to keep the search fast.

/** Headers whose values are secrets, in lower case. */
export const SECRET_HEADERS = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'x-auth-token',
  SERVICE_KEY_HEADER,
];

const HEADER_NAMES = SECRET_HEADERS.join('|');

/** Names of fields that hold a secret, whatever is before them: `dbPassword`, `secretAccessKey`, and `pass` as a whole word. */
const FIELD_NAMES = String.raw`[\w-]{0,100}(?:password|passwd|passphrase|secret|token|(?:api|access|private|secret|signing|encryption|master)[_-]?key)|(?:[\w-]{0,100}[_-])?(?:pass|pwd)`;

/** `"Authorization":"…"` and `"set-cookie":["…"]` in JSON, also if the JSON is inside a JSON string. */
const JSON_FIELD = new RegExp(
  String.raw`(\\{0,7}")(${HEADER_NAMES}|${FIELD_NAMES})\1(\s*[:,]\s*)` +
    String.raw`(?:\1(?:(?!\1)(?:\\.|[^\\]))*\1(?!\s*:)|\[(?:\s*(?:\1(?:(?!\1)(?:\\.|[^\\]))*\1|[\w.+-]+)\s*,?)*\s*\])`,
  'gi',
);
/** `{"name":"Authorization","value":"…"}`, as HAR files and proxies write headers. */
const NAMED_FIELD = new RegExp(
  String.raw`(\\{0,7}")name\1\s*:\s*\1(${HEADER_NAMES})\1\s*,\s*\1value\1\s*:\s*\1(?:(?!\1)(?:\\.|[^\\]))*\1`,
  'gi',
);
/** `password: '…'` and `'x-api-key': '…'`, as Node prints objects. */
const PRINTED_FIELD = new RegExp(
  String.raw`('?)\b(${HEADER_NAMES}|${FIELD_NAMES})\1: '(?:\\.|[^'\\])*'`,
  'gi',
);
/** `Authorization: …` in a message as HTTP/1.1 sends it. The line end before it may be `\n` in JSON. */
const HEADER_LINE = new RegExp(
  String.raw`(?:(?<=\\[nrt])|\b)(${HEADER_NAMES}): ?(?:\\["\\]|[^"\r\n\\])+`,
  'gi',
);
/** https://www.rfc-editor.org/rfc/rfc9110#section-11.4 */
const CREDENTIALS = /\b(Bearer|Basic) +[\w.~+/-]+=*/gi;
/** Three parts of base64url, of which the first is JSON: https://www.rfc-editor.org/rfc/rfc7519 */
const JSON_WEB_TOKEN = /\beyJ[\w-]{5,1000}\.[\w-]{0,8000}\.[\w-]*/g;
/** A quick test: every match of the patterns above contains one of these. */
const TELLTALE = /authori|cookie|key|token|secret|pass|pwd|bearer|basic/i;
/** Up to the last `@`, because a password may contain unencoded `@` and `/`. */
const USER_OF_URL = /(https?:)?\/\/([^\s"'<>\\]{0,512})@/gi;
/** Not a user, but a path with an `@`: `https://registry.example.com/@scope/name`. */
const HOST_AND_PATH = /^[^@/?#:]*(?::\d*)?[/?#]/;
const PARAMETER = /(^|[?&;#\s"']|\\[nrt"])([^\s"'\\=&;?#<>]{1,200})=([^\s"'\\&;#<>]+)/g;

/** Must be a whole word of a parameter's name: `code`, not `postcode`. */
const SECRET_WORDS: ReadonlySet<string> = new Set([
  'assertion',
  'auth',
  'authorization',
  'code',
  'jwt',
  'key',
  'otp',
  'pass',
  'passphrase',
  'pin',
  'pwd',
  'session',
  'sessionid',
  'sid',
  'sig',
  'ticket',
]);
/** May be anywhere in a parameter's name. */
const SECRET_PARTS = /token|secret|passw|apikey|credential|signature|sess(?:ion)?_?id/i;

/**
 * Makes a text safe to log: removes users and passwords of URLs, secret query parameters, credentials and secret
 * headers. A line of JSON stays valid JSON.
 */
export function hideSecrets(text: string): string {
  let safe = text;
  if (safe.includes('//')) safe = safe.replace(USER_OF_URL, hideUser);
  if (safe.includes('=')) safe = safe.replace(PARAMETER, hideParameter);
  if (safe.includes('eyJ')) safe = safe.replace(JSON_WEB_TOKEN, HIDDEN);
  // Most lines contain nothing secret, and a search is cheaper than four replacements.
  if (TELLTALE.test(safe)) {
    safe = safe
      .replace(NAMED_FIELD, `$1name$1:$1$2$1,$1value$1:$1${HIDDEN}$1`)
      .replace(PRINTED_FIELD, `$1$2$1: '${HIDDEN}'`)
      .replace(JSON_FIELD, `$1$2$1$3$1${HIDDEN}$1`)
      .replace(HEADER_LINE, `$1: ${HIDDEN}`)
      .replace(CREDENTIALS, `$1 ${HIDDEN}`);
  }
  return safe;
}

function hideUser(all: string, web: string | undefined, before: string): string {
  if (web !== undefined && HOST_AND_PATH.test(before)) return all;
  return `${web ?? ''}//${HIDDEN}@`;
}

function hideParameter(all: string, mark: string, name: string): string {
  // In a sentence, `code=1` is not a parameter.
  const isSecret = /[?&;#]/.test(mark) ? isSecretName(name) : SECRET_PARTS.test(decode(name));
  return isSecret ? `${mark}${name}=${HIDDEN}` : all;
}

/** Whether a parameter with this name usually contains a secret: `access_token`, `apiKey`, `X-Amz-Signature`. */
function isSecretName(encoded: string): boolean {
  const name = decode(encoded);
  if (SECRET_PARTS.test(name)) return true;
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
  return words.split(/[^a-z0-9]+/).some((word) => SECRET_WORDS.has(word));
}

function decode(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}
