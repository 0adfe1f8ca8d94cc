import { sqsAdapter } from '../testing/brokers/sqs.js';
import { describeWithoutServer } from '../testing/brokers/without-server.js';

// On a simulated AWS, it is tested in sqs.engine.spec.ts.

describeWithoutServer(sqsAdapter);
