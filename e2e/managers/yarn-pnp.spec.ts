import { testManager } from './managed-workspace.js';

testManager('yarn pnp');
