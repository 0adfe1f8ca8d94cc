import { z } from 'zod';

const image = {
  service: z.string(),
  /** The key's full sha256, hex. */
  key: z.string(),
};

/** What `docker-build` leaves behind: which image is on the engine, and what it was made of. */
export const buildReceiptSchema = z.object({
  kind: z.literal('docker-build'),
  ...image,
  /** `acme/orders:k-…` */
  image: z.string(),
  imageId: z.string(),
  /** Further references that name the same image. */
  tags: z.array(z.string()),
  /** What it runs on; receipts of earlier versions do not say. */
  platforms: z.array(z.string()).optional(),
  /** Bytes, uncompressed; `base` is what the base images bring. */
  size: z.object({ total: z.number(), base: z.number().optional() }),
  /** One hash per part of the content, so that the next build can say what changed. */
  parts: z.record(z.string(), z.string()),
  /** When this content was first seen here, ISO 8601. */
  since: z.string(),
});
export type BuildReceipt = z.output<typeof buildReceiptSchema>;

/** What `docker-push` leaves behind for one environment. */
export const pushReceiptSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('pushed'),
    ...image,
    environment: z.string(),
    /** `registry.example.com/acme/orders:k-…` */
    image: z.string(),
    digest: z.string(),
    tags: z.array(z.string()),
    since: z.string(),
  }),
  z.object({
    kind: z.literal('local'),
    ...image,
    environment: z.string(),
    image: z.string(),
    imageId: z.string(),
    since: z.string(),
  }),
]);
export type PushReceipt = z.output<typeof pushReceiptSchema>;

/** An image that a deploy would push first, for a plan, which pushes nothing. */
export interface UnpushedImage {
  kind: 'unpushed';
  /** The key's full sha256, hex. */
  key: string;
  /** The reference that it will have: `registry.example.com/acme/orders:k-…`; nobody knows its digest yet. */
  image: string;
}

/** What a service is deployed from; only a plan may be made from an image that is not pushed. */
export type DeployedImage = PushReceipt | UnpushedImage;

/** What `docker-tag` leaves behind for one environment. */
export const tagReceiptSchema = z.object({
  kind: z.literal('docker-tag'),
  ...image,
  environment: z.string(),
  version: z.string(),
  /** `registry.example.com/acme/orders:1.4.0` */
  image: z.string(),
  digest: z.string(),
  /** All that name the digest for this version. */
  tags: z.array(z.string()),
  since: z.string(),
});
export type TagReceipt = z.output<typeof tagReceiptSchema>;

/** What `compose-deploy` leaves behind for one environment. */
export const deployReceiptSchema = z.object({
  kind: z.literal('compose-deploy'),
  ...image,
  environment: z.string(),
  /** The reference that the containers run. */
  image: z.string(),
  containers: z.array(z.string()),
  since: z.string(),
});
export type DeployReceipt = z.output<typeof deployReceiptSchema>;

/** What `kubernetes-deploy` leaves behind for one environment. */
export const clusterReceiptSchema = z.object({
  kind: z.literal('kubernetes-deploy'),
  ...image,
  environment: z.string(),
  /** The reference that the pods run. */
  image: z.string(),
  namespace: z.string(),
  release: z.int(),
  since: z.string(),
});
export type ClusterReceipt = z.output<typeof clusterReceiptSchema>;

/** What `ecs-deploy` leaves behind for one environment. */
export const ecsReceiptSchema = z.object({
  kind: z.literal('ecs-deploy'),
  ...image,
  environment: z.string(),
  /** The reference that the tasks run. */
  image: z.string(),
  cluster: z.string(),
  /** The revision of the task definition. */
  release: z.int(),
  since: z.string(),
});
export type EcsReceipt = z.output<typeof ecsReceiptSchema>;

export const RECEIPTS_FOLDER = 'dist/receipts';

/** `dist/receipts/apps/orders/docker-build.json`; pushes and deploys have one per environment. */
export function receiptFile(projectRoot: string, step: string, environment?: string): string {
  const name = environment === undefined ? step : `${step}.${environment}`;
  return `${RECEIPTS_FOLDER}/${projectRoot}/${name}.json`;
}

export const SBOM_FOLDER = 'dist/sboms';

/** `dist/sboms/apps/orders/sbom.cdx.json`: outside the artifact, whose files are in the image. */
export function sbomFile(projectRoot: string): string {
  return `${SBOM_FOLDER}/${projectRoot}/sbom.cdx.json`;
}
