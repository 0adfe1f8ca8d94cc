import closeWithGrace from 'close-with-grace';
import { createApp } from './app.js';
import { readConfig } from './config.js';

const config = readConfig(process.env);
const lifecycle = { ready: false };
const app = createApp(config, lifecycle);

// Less than the 10 s after which Docker kills a container.
closeWithGrace({ delay: 8000, logger: app.log }, async ({ signal, err }) => {
  lifecycle.ready = false;
  if (err) app.log.error({ err }, 'stopping after an error');
  else app.log.info({ signal }, 'stopping');
  await app.close();
});

await app.listen({ host: config.HOST, port: config.PORT });
lifecycle.ready = true;
