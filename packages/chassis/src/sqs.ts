export { EventRefusedError } from './events/broker.js';
export { InvalidEventError } from './events/event-wire.js';
export type { ReplayOptions, ReplayReport } from './events/replay.js';
export { replayDeadLetters } from './sqs/replay.js';
export { sqs, type Sqs, type SqsOptions } from './sqs/sqs.js';
