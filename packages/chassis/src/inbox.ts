export { cleanInbox, once, type OnceOptions } from './events/inbox.js';
