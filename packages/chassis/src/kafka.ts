export { EventRefusedError } from './events/broker.js';
export { InvalidEventError } from './events/event-wire.js';
export type { ReplayOptions, ReplayReport } from './events/replay.js';
export type { SaslMechanism } from './kafka/connection.js';
export { kafka, type Kafka, type KafkaOptions } from './kafka/kafka.js';
export { type KafkaReplayOptions, replayDeadLetters } from './kafka/replay.js';
