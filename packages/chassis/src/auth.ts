export {
  type AsymmetricAlgorithm,
  jwt,
  type JwtOptions,
  type SymmetricAlgorithm,
} from './auth/jwt.js';
export { type ServiceKeyOptions, serviceKeys } from './auth/service-keys.js';
