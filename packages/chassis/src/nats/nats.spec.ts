import { natsAdapter } from '../testing/brokers/nats.js';
import { describeWithoutServer } from '../testing/brokers/without-server.js';

// On a real server, it is tested in nats.engine.spec.ts.

describeWithoutServer(natsAdapter);
