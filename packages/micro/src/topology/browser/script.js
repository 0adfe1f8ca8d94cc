(() => {
  const { topology, live } = JSON.parse(document.getElementById('data').textContent);
  const root = document.documentElement;
  const stage = document.getElementById('stage');
  const picture = document.getElementById('picture');
  const view = document.getElementById('view');
  const facts = document.getElementById('facts');
  const search = document.getElementById('search');
  const liveLine = document.getElementById('live');
  const boxes = [...picture.querySelectorAll('.box')];
  const lines = [...picture.querySelectorAll('.line')];
  const boxOf = (id) => boxes.find((box) => box.dataset.id === id);
  const serviceNamed = (name) => topology.services.find((service) => service.name === name);

  const WORDS = {
    'in-step': 'up to date',
    drifted: 'drifted',
    'not-deployed': 'not deployed',
    'not-compared': 'not compared',
  };
  const MARKS = { 'in-step': '✓', drifted: '!', 'not-deployed': '✕', 'not-compared': '?' };

  const labels = new Map(boxes.map((box) => [box, box.getAttribute('aria-label')]));

  let selected;
  let status;

  // -- The panel -------------------------------------------------------------------------------

  const make = (tag, text, className) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (className) element.className = className;
    return element;
  };

  function leadTo(id, text, note, className) {
    const item = make('li');
    const button = make('button');
    button.type = 'button';
    button.append(make('span', text));
    if (note) button.append(make('span', note, className ?? 'muted'));
    button.addEventListener('click', () => select(id, true));
    item.append(button);
    return item;
  }

  function section(title, items) {
    if (items.length === 0) return;
    const list = make('ul');
    list.append(...items);
    facts.append(make('h3', title), list);
  }

  const line = (text, className) => make('li', text, className);
  const stateOf = (name) => status?.services.find((service) => service.name === name);
  const backingOf = (name) => status?.backing.find((backing) => backing.name === name);
  const toService = (name) => leadTo(`service:${name}`, name);
  const toEvent = (name) => leadTo(`event:${name}`, name);

  function showAll() {
    const query = search.value.trim().toLowerCase();
    const found = (name) => name.toLowerCase().includes(query);
    facts.append(make('h2', query ? 'Found' : 'All'));
    for (const kind of ['gateway', 'service', 'worker']) {
      const items = topology.services
        .filter((service) => service.kind === kind && found(service.name))
        .map(({ name, port }) => {
          const state = stateOf(name)?.state;
          return leadTo(`service:${name}`, name, state ? WORDS[state] : `:${port}`, state);
        });
      section(`${kind[0].toUpperCase()}${kind.slice(1)}s`, items);
    }
    const events = topology.events.filter(({ name }) => found(name));
    section(
      'Events',
      events.map(({ name }) => toEvent(name)),
    );
    if (status?.left.length) {
      section(
        'Left the workspace',
        status.left.map((name) => line(`${name} still runs`, 'drifted')),
      );
    }
  }

  function showService({ name, kind, root: folder, port, replicas, ...node }) {
    const state = stateOf(name);
    facts.append(make('h2', name), make('p', `${kind} on port ${port}, ${folder}`, 'muted'));
    if (state) {
      section(`In ${status.environment}`, [
        line(WORDS[state.state], state.state),
        ...state.drift.map((cause) => line(cause)),
        line(
          `${state.replicas.running} of ${state.replicas.wanted} ${live.instances}, ${state.health}`,
        ),
        ...(state.revision ? [line(`commit ${state.revision.slice(0, 12)}`)] : []),
        ...(state.key ? [line(`image ${state.key.slice(0, 12)}`)] : []),
        ...(state.since ? [line(`since ${new Date(state.since).toLocaleString()}`)] : []),
      ]);
    } else if (replicas > 1) section('Replicas', [line(String(replicas))]);
    section(
      'Public routes',
      node.routes.map((route) => line(route)),
    );
    section('Calls', node.consumes.map(toService));
    section('Called by', node.consumedBy.map(toService));
    section(
      'Datastores',
      node.datastores.map(({ name: store, engine, purpose }) => {
        const backing = backingOf(store);
        const health = backing ? `, ${backing.health}` : '';
        return line(
          `${store} (${engine}, ${purpose}${health})`,
          backing?.drift.length ? 'ill' : '',
        );
      }),
    );
    section('Publishes', node.publishes.map(toEvent));
    section('Subscribes to', node.subscribes.map(toEvent));
    if (node.broker) section('Broker', [leadTo('broker:broker', topology.broker.name)]);
  }

  function showEvent({ name, publishers, subscribers }) {
    facts.append(make('h2', name), make('p', 'event', 'muted'));
    section('Published by', publishers.map(toService));
    section('Handled by', subscribers.map(toService));
  }

  function showBroker({ name, engine, users }) {
    facts.append(make('h2', name), make('p', engine, 'muted'));
    const backing = backingOf(name);
    if (backing) section(`In ${status.environment}`, [line(backing.health)]);
    section('Used by', users.map(toService));
    section(
      'Events',
      topology.events.map((event) => toEvent(event.name)),
    );
  }

  function showOutside() {
    facts.append(
      make('h2', 'Outside'),
      make('p', 'What reaches the platform from outside', 'muted'),
    );
    const edge = status?.edge;
    if (edge) {
      section(`The edge in ${status.environment}`, [
        line(
          edge.drift.length ? 'drifted' : 'up to date',
          edge.drift.length ? 'drifted' : 'in-step',
        ),
        ...edge.drift.map((cause) => line(cause)),
        ...(edge.problem ? [line(edge.problem)] : []),
        line(edge.health),
        ...edge.ports.map((port) => line(`holds ${port}`)),
        ...edge.hosts.map(({ url, service, certificateUntil }) =>
          line(
            `${url} leads to ${service}${certificateUntil ? `, certificate until ${new Date(certificateUntil).toLocaleString()}` : ''}`,
          ),
        ),
      ]);
    }
    section(
      'Gateways',
      topology.services.filter((s) => s.kind === 'gateway').map((s) => toService(s.name)),
    );
    section(
      'Public routes',
      topology.links.flatMap(({ provider, routes }) =>
        routes.map((route) => leadTo(`service:${provider}`, route, provider)),
      ),
    );
  }

  function showFacts() {
    const focused = facts.contains(document.activeElement);
    facts.replaceChildren();
    const [kind, ...rest] = (selected ?? '').split(':');
    const name = rest.join(':');
    if (kind === '') {
      showAll();
      if (focused) facts.querySelector('button')?.focus();
      return;
    }
    const back = make('button', '← All');
    back.type = 'button';
    back.addEventListener('click', () => select(undefined, false));
    facts.append(back);
    if (focused) back.focus();
    if (kind === 'service') showService(serviceNamed(name));
    else if (kind === 'event') showEvent(topology.events.find((event) => event.name === name));
    else if (kind === 'broker') showBroker(topology.broker);
    else showOutside();
  }

  // -- What is chosen --------------------------------------------------------------------------

  function highlight() {
    const query = search.value.trim().toLowerCase();
    const near = new Set(selected ? [selected] : []);
    for (const path of lines) {
      const touches = path.dataset.from === selected || path.dataset.to === selected;
      path.classList.toggle('near', touches);
      if (touches) near.add(path.dataset.from).add(path.dataset.to);
    }
    // Its lines are not drawn where events say the same: what uses it is near all the same.
    if (selected === 'broker:broker') {
      for (const name of topology.broker.users) near.add(`service:${name}`);
      for (const event of topology.events) near.add(`event:${event.name}`);
    }
    for (const box of boxes) {
      const { id } = box.dataset;
      box.classList.toggle('selected', id === selected);
      box.classList.toggle('near', near.has(id));
      box.setAttribute('aria-pressed', String(id === selected));
      const name = id.slice(id.indexOf(':') + 1).toLowerCase();
      box.classList.toggle('found', !selected && query !== '' && name.includes(query));
    }
    view.classList.toggle('chosen', selected !== undefined || query !== '');
  }

  function select(id, bringIntoView) {
    selected = id && boxOf(id) ? id : undefined;
    highlight();
    showFacts();
    history.replaceState(
      null,
      '',
      selected ? `#${encodeURIComponent(selected)}` : location.pathname,
    );
    if (!selected) return;
    rove(boxOf(selected));
    if (bringIntoView) show(boxOf(selected));
  }

  // -- Moving and scaling ----------------------------------------------------------------------

  const whole = picture.viewBox.baseVal;
  const size = { width: whole.width, height: whole.height };
  let frame = { x: 0, y: 0, ...size };

  const setFrame = (next) => {
    frame = next;
    picture.setAttribute('viewBox', `${frame.x} ${frame.y} ${frame.width} ${frame.height}`);
  };

  /** No larger than drawn. @param most how many pixels of the picture one of the screen may show. */
  function fit(most) {
    const { clientWidth: width, clientHeight: height } = stage;
    const whole = Math.max(size.width / width, size.height / height, 1);
    const scale = Math.min(whole, most);
    const shown = { width: width * scale, height: height * scale };
    // What does not fit starts at the left, where calls come from.
    const from = boxes[0] && middleOf(boxes[0]);
    setFrame({
      x: Math.min(0, (size.width - shown.width) / 2),
      y:
        shown.height < size.height && from
          ? from.y - shown.height / 2
          : (size.height - shown.height) / 2,
      ...shown,
    });
  }

  const fitAll = () => fit(Infinity);
  /** Names can be read, even where not everything is in sight then. */
  const fitReadable = () => fit(1.7);

  function scale(factor, at = { x: frame.x + frame.width / 2, y: frame.y + frame.height / 2 }) {
    const width = Math.min(Math.max(frame.width * factor, 160), Math.max(size.width, 800) * 3);
    const real = width / frame.width;
    setFrame({
      x: at.x - (at.x - frame.x) * real,
      y: at.y - (at.y - frame.y) * real,
      width,
      height: frame.height * real,
    });
  }

  const toPicture = (event) => {
    const bounds = picture.getBoundingClientRect();
    return {
      x: frame.x + ((event.clientX - bounds.left) / bounds.width) * frame.width,
      y: frame.y + ((event.clientY - bounds.top) / bounds.height) * frame.height,
    };
  };

  const middleOf = (box) => {
    const { x, y, width, height } = box.querySelector('.card').getBBox();
    const { e, f } = box.transform.baseVal.consolidate().matrix;
    return { x: e + x + width / 2, y: f + y + height / 2 };
  };

  function show(box) {
    const middle = middleOf(box);
    const inside =
      middle.x > frame.x + 90 &&
      middle.x < frame.x + frame.width - 90 &&
      middle.y > frame.y + 30 &&
      middle.y < frame.y + frame.height - 30;
    if (inside) return;
    setFrame({ ...frame, x: middle.x - frame.width / 2, y: middle.y - frame.height / 2 });
  }

  let drag;
  stage.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    drag = { at: toPicture(event), x: event.clientX, y: event.clientY, moved: false };
  });
  addEventListener('pointermove', (event) => {
    if (!drag) return;
    if (!drag.moved && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < 4) return;
    drag.moved = true;
    stage.classList.add('dragged');
    const now = toPicture(event);
    setFrame({ ...frame, x: frame.x + drag.at.x - now.x, y: frame.y + drag.at.y - now.y });
  });
  addEventListener('pointerup', () => {
    stage.classList.remove('dragged');
    // A click comes after this, and must know.
    setTimeout(() => (drag = undefined));
  });
  stage.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      scale(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) * 0.004), toPicture(event));
    },
    { passive: false },
  );
  stage.addEventListener('click', (event) => {
    if (drag?.moved) return;
    const box = event.target.closest('.box');
    select(box?.dataset.id, false);
    box?.focus();
  });

  // -- Keyboard --------------------------------------------------------------------------------

  /** One box is a stop of the Tab key; arrows lead from there to the others. */
  function rove(box) {
    for (const other of boxes) other.setAttribute('tabindex', other === box ? '0' : '-1');
  }

  const DIRECTIONS = {
    ArrowRight: [1, 0],
    ArrowLeft: [-1, 0],
    ArrowDown: [0, 1],
    ArrowUp: [0, -1],
  };

  function neighbour(box, [dx, dy]) {
    const from = middleOf(box);
    const ahead = boxes.flatMap((other) => {
      const { x, y } = middleOf(other);
      const along = (x - from.x) * dx + (y - from.y) * dy;
      const aside = Math.abs((x - from.x) * dy) + Math.abs((y - from.y) * dx);
      return along > 1 ? [{ other, far: along + 2 * aside }] : [];
    });
    return ahead.sort((a, b) => a.far - b.far)[0]?.other;
  }

  picture.addEventListener('keydown', (event) => {
    const box = event.target.closest('.box');
    if (!box) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      select(box.dataset.id, false);
      return;
    }
    const direction = DIRECTIONS[event.key];
    const next = direction && neighbour(box, direction);
    if (!next) return;
    event.preventDefault();
    rove(next);
    next.focus({ preventScroll: true });
    show(next);
  });

  addEventListener('keydown', (event) => {
    const typing = event.target === search;
    if (event.key === 'Escape') {
      search.value = '';
      select(undefined, false);
    } else if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    else if (event.key === '/') {
      event.preventDefault();
      search.focus();
    } else if (event.key === '+') scale(0.8);
    else if (event.key === '-') scale(1.25);
    else if (event.key === '0') fitAll();
  });

  search.addEventListener('input', () => {
    selected = undefined;
    highlight();
    showFacts();
  });
  search.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    const first = boxes.find((box) => box.classList.contains('found'));
    if (first) select(first.dataset.id, true);
  });

  document.getElementById('smaller').addEventListener('click', () => scale(1.25));
  document.getElementById('larger').addEventListener('click', () => scale(0.8));
  document.getElementById('fit').addEventListener('click', fitAll);
  addEventListener('resize', fitReadable);

  // -- Light and dark --------------------------------------------------------------------------

  // A page from a file may have no storage.
  const remembered = (() => {
    try {
      return localStorage;
    } catch {
      return undefined;
    }
  })();
  const theme = remembered?.getItem('topology-theme');
  if (theme) root.dataset.theme = theme;
  document.getElementById('theme').addEventListener('click', () => {
    const dark = root.dataset.theme
      ? root.dataset.theme === 'dark'
      : matchMedia('(prefers-color-scheme: dark)').matches;
    root.dataset.theme = dark ? 'light' : 'dark';
    remembered?.setItem('topology-theme', root.dataset.theme);
  });

  // -- What runs -------------------------------------------------------------------------------

  function showStatus() {
    for (const { name, state, health } of status.services) {
      const box = boxOf(`service:${name}`);
      if (!box) continue;
      const mark = box.querySelector('.state');
      mark.dataset.state = state;
      mark.setAttribute('class', `state ${state}`);
      mark.querySelector('text').textContent = MARKS[state];
      box.setAttribute('aria-label', `${labels.get(box)}, ${WORDS[state]}, ${health}`);
    }
    for (const { name, drift } of status.backing) {
      const store = picture.querySelector(`[data-store="${CSS.escape(name)}"]`);
      store?.classList.toggle('ill', drift.length > 0);
    }
    boxOf('outside:outside')?.classList.toggle('ill', Boolean(status.edge?.drift.length));
    const behind = status.services.filter(({ state }) => state !== 'in-step').length;
    const summary =
      behind === 0
        ? `all ${status.services.length} up to date`
        : `${behind} of ${status.services.length} not up to date`;
    tell(`${status.environment}: ${summary}`, behind > 0);
    showFacts();
  }

  /** Said again only where it is something else: a screen reader reads what changes. */
  function tell(text, bad) {
    liveLine.classList.toggle('bad', bad);
    if (liveLine.textContent !== text) liveLine.textContent = text;
  }

  async function ask() {
    try {
      const response = await fetch(live.url, { cache: 'no-store' });
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.error);
      if (JSON.stringify(answer) !== JSON.stringify(status)) {
        status = answer;
        showStatus();
      }
    } catch (error) {
      status = undefined;
      for (const box of boxes) {
        box.setAttribute('aria-label', labels.get(box));
        delete box.querySelector('.state')?.dataset.state;
      }
      showFacts();
      tell(`${live.environment} cannot be seen: ${error.message}`, true);
    }
    setTimeout(ask, live.interval);
  }

  fitReadable();
  rove(boxes.find((box) => box.classList.contains('service')) ?? boxes[0]);
  showAll();
  if (location.hash) select(decodeURIComponent(location.hash.slice(1)), true);
  if (live) ask();
})();
