export { InvalidEventError } from './events/event-wire.js';
export { EventRefusedError } from './rabbitmq/publisher.js';
export { rabbitmq, type RabbitMq, type RabbitMqOptions } from './rabbitmq/rabbitmq.js';
export { replayDeadLetters, type ReplayOptions, type ReplayReport } from './rabbitmq/replay.js';
