import { startSimulatedAws } from '../tools/aws/simulated-aws.js';
import { mustRun } from '../tools/command.js';
import { describeBrokerPlatform } from './broker-platform.js';

/** The address of this machine in the engine's default network, which containers of all networks reach. */
async function machineAddress(): Promise<string> {
  const format = '{{(index .IPAM.Config 0).Gateway}}';
  return (await mustRun('docker', ['network', 'inspect', 'bridge', '--format', format])).trim();
}

describeBrokerPlatform({
  broker: 'sqs',
  serve: async () => {
    const { port, stop } = await startSimulatedAws({ host: '0.0.0.0' });
    const endpoint = `http://${await machineAddress()}:${port}`;
    return {
      variables: { BROKER_URL: `sqs://eu-central-1/shop?endpoint=${endpoint}` },
      credentials: '[default]\naws_access_key_id = test\naws_secret_access_key = test\n',
      stop,
    };
  },
  deadLetters: 'shop_mailer_order_placed__dead',
  own: 'AmazonSQS',
  others: 'x-dead-letter-strategy|Nats-Msg-Id|XGROUP|PLT_KFK',
});
