import { testManager } from './managed-workspace.js';

testManager('npm');
