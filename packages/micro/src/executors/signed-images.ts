import { limit } from '../effects/limit';
import { requireSigned, type SignatureContext } from '../effects/signatures';
import { attempt } from './deploy-failures';

/** Signatures that are checked at the same time. */
const CHECKS = 4;

/**
 * Leaves out services whose images are not signed as the environment demands: each is a failure of its own.
 *
 * @param unpushed names of services whose images are not pushed. Only a plan has them: an image is signed when it is pushed.
 */
export async function keepSigned<Desired extends { image: string }>(
  run: SignatureContext & { failures: Map<string, Error> },
  desired: ReadonlyMap<string, Desired>,
  unpushed: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Desired>> {
  if (run.environment.verify === undefined) return desired;
  const inTurn = limit(CHECKS);
  const signed = await Promise.all(
    [...desired].map(([name, service]) =>
      inTurn(() =>
        attempt(run, name, async () => {
          if (!unpushed.has(name)) await requireSigned(run, service.image);
          return [name, service] as const;
        }),
      ),
    ),
  );
  return new Map(signed.filter((one) => one !== undefined));
}
