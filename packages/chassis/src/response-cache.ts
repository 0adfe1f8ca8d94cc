export { responseCache, type ResponseCacheOptions } from './gateway/response-cache.js';
