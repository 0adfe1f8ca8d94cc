import { describeEngine } from '../../../../../tools/testing/describe-engine.js';
import type { BrokerAdapter, BrokerServer } from './adapter.js';
import { describeConsuming } from './consuming.js';
import { describeDelivery } from './delivery.js';
import { describeFaults } from './faults.js';
import { useBroker, type BrokerFixture } from './fixture.js';
import { describeOrdering } from './ordering.js';
import { describeWithPostgres } from './with-postgres.js';

/** What every broker must do, on a real server, and what only this one does. */
export function describeBroker<S extends BrokerServer>(
  adapter: BrokerAdapter<S>,
  own: (use: BrokerFixture<S>) => void,
): void {
  describeEngine(`events on ${adapter.name}`, () => {
    const use = useBroker(adapter);
    describeDelivery(use);
    describeConsuming(use);
    describeOrdering(use);
    own(use);
    describeFaults(use);
    describeWithPostgres(use);
  });
}
