import { writeGenerated } from './generated/file.js';
import { optionTables } from './generated/option-tables.js';
import { supportPage } from './generated/support-page.js';

writeGenerated([...(await optionTables()), await supportPage()]);
