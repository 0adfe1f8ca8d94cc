export {
  reconnectDelay,
  redis,
  type RedisOptions,
  type RedisResource,
} from './datastores/redis.js';
