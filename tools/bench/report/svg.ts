/** A few shapes, as text. Colours are readable on white, and each picture has a white background. */
export interface Text {
  x: number;
  y: number;
  text: string;
  anchor?: 'start' | 'middle' | 'end';
  bold?: boolean;
  colour?: string;
  size?: number;
}

export function svg(width: number, height: number, shapes: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="13">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...shapes,
    '</svg>\n',
  ].join('\n');
}

export function text({ x, y, text: content, anchor, bold, colour, size }: Text): string {
  const attributes = [
    `x="${round(x)}" y="${round(y)}" fill="${colour ?? '#24292f'}"`,
    ...(anchor && anchor !== 'start' ? [`text-anchor="${anchor}"`] : []),
    ...(bold ? ['font-weight="600"'] : []),
    ...(size ? [`font-size="${size}"`] : []),
  ];
  return `<text ${attributes.join(' ')}>${escape(content)}</text>`;
}

export function bar(x: number, y: number, width: number, height: number, colour: string): string {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${height}" rx="2" fill="${colour}"/>`;
}

export function line(points: readonly (readonly [number, number])[], colour: string, width = 2) {
  const list = points.map(([x, y]) => `${round(x)},${round(y)}`).join(' ');
  return `<polyline points="${list}" fill="none" stroke="${colour}" stroke-width="${width}"/>`;
}

export function dot(x: number, y: number, colour: string): string {
  return `<circle cx="${round(x)}" cy="${round(y)}" r="3.5" fill="${colour}"/>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('`', '');
}
