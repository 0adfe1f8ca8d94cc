/**
 * What a status is called, by its number. Not imported: an ES import of `node:http` reads each of its exports, `WebSocket` among
 * them, and so loads Node's fetch client: 45 ms of processor time and 14 MB (Node 22 to 26, findings/).
 */
export const { STATUS_CODES } = process.getBuiltinModule('node:http');
