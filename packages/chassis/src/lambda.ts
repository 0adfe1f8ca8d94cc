export { lambdaHandler } from './lambda/handler.js';
export type { HttpAnswer, HttpEvent } from './lambda/http-event.js';
