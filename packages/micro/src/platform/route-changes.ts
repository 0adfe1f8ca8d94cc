import { z } from 'zod';
import { checkedText } from './checked-text';

/** A token of RFC 9110. */
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
/** Visible characters and spaces between them. */
const HEADER_VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** Headers of one connection, and those that say how long a body is. */
const OF_THE_CONNECTION = [
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
/** Headers that the gateway itself gives a value. */
const OF_THE_GATEWAY = [
  'traceparent',
  'tracestate',
  'x-deadline-ms',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-prefix',
  'x-forwarded-proto',
  'x-request-id',
  'x-retry-attempt',
  'x-service-key',
];
export const CREDENTIALS = ['authorization', 'cookie', 'proxy-authorization'];

export const headerName = checkedText(headerNameProblem);

function headerNameProblem(name: string): string | undefined {
  const lower = name.toLowerCase();
  if (!HEADER_NAME.test(name)) return `${JSON.stringify(name)} is not the name of a header`;
  if (OF_THE_CONNECTION.includes(lower) || lower.startsWith('sec-websocket-')) {
    return `"${name}" belongs to the connection, and the gateway sets it`;
  }
  return OF_THE_GATEWAY.includes(lower)
    ? `"${name}" is set by the gateway, and services rely on it`
    : undefined;
}

/** Values are committed, so none of them may be a secret. */
const setHeaderName = headerName.refine((name) => !CREDENTIALS.includes(name.toLowerCase()), {
  error: ({ input }) =>
    `"${String(input)}" would be a secret in a committed file: let the service send its own`,
});

const headerValue = z.string().refine((value) => HEADER_VALUE.test(value), {
  error: ({ input }) =>
    `${JSON.stringify(input)} is not the value of a header: write visible ASCII characters in one line`,
});

const headerChanges = z
  .strictObject({
    set: z
      .record(setHeaderName, headerValue)
      .describe('Headers with their values; each replaces what is there')
      .optional(),
    remove: z.array(headerName).describe('Names of headers').optional(),
  })
  .superRefine(({ set = {}, remove = [] }, context) => {
    const seen = new Set<string>();
    for (const { name, path } of [
      ...Object.keys(set).map((name) => ({ name, path: ['set', name] })),
      ...remove.map((name, index) => ({ name, path: ['remove', index] })),
    ]) {
      const message = `"${name}" is given twice: remove one`;
      if (seen.has(name.toLowerCase())) context.addIssue({ code: 'custom', message, path });
      seen.add(name.toLowerCase());
    }
  });

export const routeHeaders = z.strictObject({
  request: headerChanges.describe('Headers of requests, as the service gets them').optional(),
  response: headerChanges
    .describe("Headers of the service's answers, as callers get them")
    .optional(),
});

const FIELD = /^[^.]+(?:\.[^.]+)*$/;
const fieldPath = z.string().refine((path) => FIELD.test(path), {
  error: ({ input }) =>
    `${JSON.stringify(input)} is not a field: write a name, or names with dots between them such as customer.name`,
});
const fieldName = z.string().refine((name) => name !== '' && !name.includes('.'), {
  error: ({ input }) =>
    `${JSON.stringify(input)} is not a name: a renamed field stays at its place, so write only its new name, without dots`,
});

export const routeFields = z
  .strictObject({
    rename: z
      .record(fieldPath, fieldName)
      .describe('New names of fields, such as { order_id: id, customer.full_name: name }')
      .optional(),
    remove: z.array(fieldPath).describe('Fields that callers do not get').optional(),
  })
  .superRefine(({ rename = {}, remove = [] }, context) => {
    const add = (message: string, path: PropertyKey[]) =>
      context.addIssue({ code: 'custom', message, path });
    remove.forEach((field, index) => {
      if (remove.indexOf(field) < index)
        add(`"${field}" is listed twice: remove one`, ['remove', index]);
    });
    const places = new Map<string, string>();
    for (const [field, name] of Object.entries(rename)) {
      const at = ['rename', field];
      const place = [...field.split('.').slice(0, -1), name].join('.');
      const other = places.get(place);
      places.set(place, field);
      if (remove.includes(field)) add(`"${field}" is renamed and removed: choose one`, at);
      else if (field === place) add(`"${field}" is its name already: remove this line`, at);
      else if (other !== undefined)
        add(`"${other}" gets this name already: choose another one`, at);
    }
  });
