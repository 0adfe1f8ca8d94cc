import { testNxVersion } from './versioned-workspace.js';

testNxVersion({
  version: '22.7.12',
  beside: 'with @nx/js 22.7.12',
  nx: { nx: '22.7.12', '@nx/js': '22.7.12' },
});
