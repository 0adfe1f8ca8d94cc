export {
  defineEvent,
  type EventContract,
  type EventData,
  type EventInput,
  type EventMessage,
  handle,
  type Handler,
  type HandlerContext,
  type Publisher,
  type PublishOptions,
  RejectEventError,
  type Subscription,
} from './events/events.js';
