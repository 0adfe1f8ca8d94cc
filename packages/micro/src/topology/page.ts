import { createHash } from 'node:crypto';
import type { Topology } from './graph';
import { layoutTopology } from './layout';
import { escapeHtml, renderSvg } from './svg';

/** What the page is made of beside the platform, as the files in `browser/` say it. */
export interface PageAssets {
  style: string;
  script: string;
}

/** Where a page that is served asks for the state of things. */
export interface LiveSource {
  /** Relative to the page. */
  url: string;
  environment: string;
  /** What a service runs as there. */
  instances: 'containers' | 'pods';
  /** Milliseconds between two questions. */
  interval: number;
}

/**
 * One HTML file that needs nothing else: no network, no other file. Its policy lets it run its own
 * script and ask the place that it came from, and nothing more.
 */
export function renderPage(topology: Topology, assets: PageAssets, live?: LiveSource): string {
  const title = `${topology.platform} topology`;
  const hash = createHash('sha256').update(assets.script).digest('base64');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; connect-src 'self'; img-src data:">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
<style>${assets.style}</style>
</head>
<body>
<header>
<h1>${escapeHtml(topology.platform)}</h1>
<p id="live" role="status">${summaryOf(topology)}</p>
<label class="search"><span class="hidden">Search</span><input id="search" type="search" placeholder="Search  /" autocomplete="off"></label>
<div class="tools" role="toolbar" aria-label="View">
<button id="smaller" type="button" aria-label="Smaller">−</button>
<button id="larger" type="button" aria-label="Larger">+</button>
<button id="fit" type="button">Fit</button>
<button id="theme" type="button" aria-label="Light or dark">◐</button>
</div>
</header>
<main>
<div id="stage">
${renderSvg(topology, layoutTopology(topology))}
</div>
<aside id="facts" aria-label="Facts" aria-live="polite"></aside>
</main>
<script type="application/json" id="data">${toInlineJson({ topology, live })}</script>
<script>${assets.script}</script>
</body>
</html>
`;
}

function summaryOf({ services, links, events }: Topology): string {
  const count = (many: number, word: string) => `${many} ${word}${many === 1 ? '' : 's'}`;
  return [
    count(services.length, 'service'),
    count(links.length, 'link'),
    ...(events.length > 0 ? [count(events.length, 'event')] : []),
  ].join(', ');
}

/** A script element ends at the first `</script`, wherever it stands. */
function toInlineJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}
