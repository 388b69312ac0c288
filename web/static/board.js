// The board by keys and by dragging. Everything is done by the forms that stand on the cards: without this file they do the same.
const cards = () => [...document.querySelectorAll('.card[data-card]')];
const columns = [...document.querySelectorAll('.stage[data-stage]')];

function send(card, stage) {
  const button = [...card.querySelectorAll('button[name=after]')].find((one) => one.value === stage);
  if (!button) return false;
  if (button.form.querySelector('select[name=reason]')) { // lost and dormant need a reason: open the form, and wait for it
    const fold = button.closest('details');
    fold.open = true;
    fold.querySelector('select').focus();
    return true;
  }
  button.form.requestSubmit(button);
  return true;
}

function walk(card, key) {
  const column = card.closest('.stage');
  const here = [...column.querySelectorAll('.card[data-card]')];
  const place = here.indexOf(card);
  if (key === 'ArrowDown' || key === 'ArrowUp') return here[place + (key === 'ArrowDown' ? 1 : -1)];
  const step = key === 'ArrowRight' ? 1 : -1;
  for (let i = columns.indexOf(column) + step; i >= 0 && i < columns.length; i += step) {
    const there = [...columns[i].querySelectorAll('.card[data-card]')];
    if (there.length) return there[Math.min(place, there.length - 1)];
  }
  return undefined;
}

document.addEventListener('keydown', (event) => {
  const card = event.target.closest?.('.card[data-card]');
  if (!card || event.target !== card || !event.key.startsWith('Arrow')) return;
  event.preventDefault();
  if (event.shiftKey) {
    const place = columns.indexOf(card.closest('.stage')) + { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (columns[place]) send(card, columns[place].dataset.stage);
  } else {
    walk(card, event.key)?.focus();
  }
});

let dragged = null;
const may = (card, column) => column && [...card.querySelectorAll('button[name=after]')].some((one) => one.value === column.dataset.stage);
const mark = (column) => columns.forEach((one) => one.classList.toggle('over', one === column));

function lift(card) {
  dragged = card;
  card.classList.add('dragged');
}

function put(column) {
  const card = dragged;
  dragged = null;
  card?.classList.remove('dragged');
  mark(null);
  if (card && may(card, column)) send(card, column.dataset.stage);
}

for (const card of cards()) {
  card.tabIndex = 0;
  card.draggable = true;
  card.addEventListener('dragstart', (event) => {
    event.dataTransfer.setData('text/plain', card.dataset.card);
    event.dataTransfer.effectAllowed = 'move';
    lift(card);
  });
  card.addEventListener('dragend', () => put(null));
}
for (const column of columns) {
  column.addEventListener('dragover', (event) => {
    if (!dragged || !may(dragged, column)) return;
    event.preventDefault();
    mark(column);
  });
  column.addEventListener('dragleave', () => mark(null));
  column.addEventListener('drop', (event) => {
    event.preventDefault();
    put(column);
  });
}

// A thumb drags too: a card is lifted after it was held for a moment; until then the thumb scrolls as everywhere.
const HELD_MS = 350, SLIPS_PX = 10, EDGE_PX = 40, STEP_PX = 8;
const board = document.querySelector('.board');
let hold = null, scrolling = null;

const spot = (event) => (({ clientX: x, clientY: y }) => ({ x, y }))(event.touches[0]);
const under = ({ x, y }) => document.elementFromPoint(Math.min(Math.max(x, EDGE_PX), innerWidth - EDGE_PX), y)?.closest('.stage[data-stage]') ?? null;

function letGo() {
  clearTimeout(hold?.timer);
  clearInterval(scrolling);
  if (hold) hold.card.draggable = true;
  board.classList.remove('holding');
  hold = scrolling = null;
}

/** Near an edge the board goes on by itself, until a stage that takes the card has come to the thumb. */
function follow() {
  const { x } = hold.at, column = under(hold.at);
  const takes = may(hold.card, column);
  mark(takes ? column : null);
  const step = x > innerWidth - EDGE_PX ? STEP_PX : x < EDGE_PX ? -STEP_PX : 0;
  const { left, right } = column?.getBoundingClientRect() ?? {};
  if (step && !(takes && left >= 0 && right <= innerWidth)) board.scrollLeft += step;
}

for (const card of cards()) {
  card.addEventListener('touchstart', (event) => {
    letGo();
    if (event.touches.length > 1 || event.target.closest('button, a, summary, select, input, label')) return;
    card.draggable = false; // else the browser lifts it in its own way, which other browsers do not know
    const timer = setTimeout(() => { lift(card); hold.lifted = true; scrolling = setInterval(follow, 16); board.classList.add('holding'); navigator.vibrate?.(15); }, HELD_MS);
    hold = { card, timer, start: spot(event), at: spot(event) };
  }, { passive: true });
}
document.addEventListener('touchmove', (event) => {
  if (!hold) return;
  const at = spot(event);
  if (!hold.lifted) {
    if (Math.hypot(at.x - hold.start.x, at.y - hold.start.y) > SLIPS_PX) letGo();
    return;
  }
  event.preventDefault();
  hold.at = at;
}, { passive: false });
document.addEventListener('touchend', () => {
  const column = hold?.lifted ? under(hold.at) : null, lifted = hold?.lifted;
  letGo();
  if (lifted) put(column);
});
document.addEventListener('touchcancel', () => { letGo(); put(null); });
document.addEventListener('contextmenu', (event) => { if (hold) event.preventDefault(); });
