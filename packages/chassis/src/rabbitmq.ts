export { EventRefusedError } from './events/broker.js';
export { InvalidEventError } from './events/event-wire.js';
export type { ReplayOptions, ReplayReport } from './events/replay.js';
export { rabbitmq, type RabbitMq, type RabbitMqOptions } from './rabbitmq/rabbitmq.js';
export { replayDeadLetters, type RabbitMqReplayOptions } from './rabbitmq/replay.js';
