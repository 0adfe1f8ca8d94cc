import { runService } from '@org/chassis';
import { createApp } from './app.js';
import { variables } from './config.js';
import { commands } from './resources.js';

await runService('payments', variables, createApp, {
  commands,
  // On a developer's machine nothing else runs them first.
  inDevelopment: Object.keys(commands),
});
