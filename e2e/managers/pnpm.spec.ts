import { testManager } from './managed-workspace.js';

testManager('pnpm 11');
