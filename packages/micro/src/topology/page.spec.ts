import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readPageAssets } from '../effects/page-assets';
import { shopTopology } from '../testing/example-topology';
import { renderPage } from './page';

const assets = readPageAssets();

describe('renderPage', () => {
  it('loads nothing from other servers', () => {
    const page = renderPage(shopTopology(), assets);
    expect(page.match(/\b(?:src|href)="[^"]*"/g)).toEqual(['href="data:,"']);
    expect(page.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(
      /https?:|@import|url\((?!#)/,
    );
  });

  it('allows its own script by its hash', () => {
    const page = renderPage(shopTopology(), assets);
    const [, script] = /<script>([^]*)<\/script>/.exec(page)!;
    const hash = createHash('sha256').update(script!).digest('base64');
    expect(page).toContain(`script-src 'sha256-${hash}'`);
    expect(page).toContain("default-src 'none'");
  });

  it('escapes names', () => {
    const evil = '</script><img src=x onerror=alert(1)>"&';
    const page = renderPage({ ...shopTopology(), platform: evil }, assets);
    expect(page).not.toContain('<img');
    expect(page).toContain('&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&quot;&amp;');
    const [, data] = /<script type="application\/json" id="data">(.*?)<\/script>/.exec(page)!;
    expect((JSON.parse(data!) as { topology: { platform: string } }).topology.platform).toBe(evil);
  });

  it('counts what it shows', () => {
    const one = { ...shopTopology(), links: [], events: [] };
    expect(renderPage({ ...one, services: one.services.slice(0, 1) }, assets)).toContain(
      '>1 service, 0 links<',
    );
  });
});
