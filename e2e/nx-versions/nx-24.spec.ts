import { testNxVersion } from './versioned-workspace.js';

// Of @nx/js there is no 24 yet.
testNxVersion({ version: '24.0.6', beside: 'without @nx/js', nx: { nx: '24.0.6' } });
