import { writeGenerated } from './generated/file.js';
import { optionTables } from './generated/option-tables.js';

writeGenerated(await optionTables());
