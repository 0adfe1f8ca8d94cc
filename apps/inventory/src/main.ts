import { runService } from '@org/chassis';
import { createApp } from './app.js';
import { variables } from './config.js';
import { commands, inDevelopment } from './resources.js';

await runService('inventory', variables, createApp, {
  commands,
  inDevelopment,
});
