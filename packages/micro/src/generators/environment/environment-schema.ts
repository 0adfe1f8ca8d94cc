/** The options as Nx gives them. A prompt without an answer gives an empty text. */
export interface EnvironmentSchema {
  name: string;
  engine?: 'compose' | 'kubernetes' | 'ecs';
  context?: string;
  namespace?: string;
  region?: string;
  cluster?: string;
  host?: string;
  registry?: string;
  images?: 'pushed' | 'local';
  publish?: string | number;
  tls?: 'auto' | 'internal' | 'none';
  ingressClass?: string;
  gateway?: string;
  skipFormat?: boolean;
}
