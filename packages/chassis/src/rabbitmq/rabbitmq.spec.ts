import { rabbitmqAdapter } from '../testing/brokers/rabbitmq.js';
import { describeWithoutServer } from '../testing/brokers/without-server.js';

// On a real server, it is tested in rabbitmq.engine.spec.ts.

describeWithoutServer(rabbitmqAdapter);
