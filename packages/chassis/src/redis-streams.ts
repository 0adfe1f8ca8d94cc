export { EventRefusedError } from './events/broker.js';
export { InvalidEventError } from './events/event-wire.js';
export type { ReplayOptions, ReplayReport } from './events/replay.js';
export {
  redisStreams,
  type RedisStreams,
  type RedisStreamsOptions,
} from './redis-streams/redis-streams.js';
export { type RedisStreamsReplayOptions, replayDeadLetters } from './redis-streams/replay.js';
