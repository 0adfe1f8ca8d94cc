export { EventRefusedError } from './events/broker.js';
export { InvalidEventError } from './events/event-wire.js';
export type { ReplayOptions, ReplayReport } from './events/replay.js';
export { nats, type Nats, type NatsOptions } from './nats/nats.js';
export { type NatsReplayOptions, replayDeadLetters } from './nats/replay.js';
