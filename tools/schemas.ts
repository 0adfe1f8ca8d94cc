import { editorSchemas, outputSchemas } from './generated/editor-schemas.js';
import { writeGenerated } from './generated/file.js';

writeGenerated([...editorSchemas(), ...outputSchemas()]);
