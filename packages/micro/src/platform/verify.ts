import { z } from 'zod';

const SHAPE =
  'verify is { key: keys/cosign.pub }, or { identity: …, issuer: … } for signatures without a key; and "sbom: true" to demand a list of packages';

const sbom = z
  .boolean()
  .optional()
  .describe(
    'Demand a list of packages (SBOM) of the image, too, attested by the same key or identity. docker-push with "signKey" or "signKeyless" attaches it',
  );

/** Who has to have signed the images of an environment. */
export const verifySchema = z
  .union(
    [
      z.strictObject({
        key: z
          .string()
          .min(1)
          .describe(
            'The public key: a file, relative to the workspace root, or an address that cosign knows, such as awskms://…',
          ),
        sbom,
      }),
      z.strictObject({
        identity: z
          .string()
          .min(1)
          .describe(
            'Who signed without a key: the address of the workflow, or an e-mail address, as the certificate has it',
          ),
        issuer: z
          .url({ protocol: /^https$/, error: 'an issuer is an address with https://' })
          .describe(
            'Who vouches for the identity, such as https://token.actions.githubusercontent.com',
          ),
        sbom,
      }),
    ],
    { error: SHAPE },
  )
  .describe(
    'Deploy only images of services that were signed with cosign by this key or identity. Needs cosign where the deploy runs',
  );
export type Verify = z.output<typeof verifySchema>;

/** Who signs without a key. */
export type SigningIdentity = Extract<Verify, { identity: string }>;
