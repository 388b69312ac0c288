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
for (const card of cards()) {
  card.tabIndex = 0;
  card.draggable = true;
  card.addEventListener('dragstart', (event) => {
    dragged = card;
    event.dataTransfer.setData('text/plain', card.dataset.card);
    event.dataTransfer.effectAllowed = 'move';
    card.classList.add('dragged');
  });
  card.addEventListener('dragend', () => { card.classList.remove('dragged'); dragged = null; });
}
for (const column of columns) {
  column.addEventListener('dragover', (event) => {
    const may = dragged && [...dragged.querySelectorAll('button[name=after]')].some((one) => one.value === column.dataset.stage);
    if (!may) return;
    event.preventDefault();
    column.classList.add('over');
  });
  column.addEventListener('dragleave', () => column.classList.remove('over'));
  column.addEventListener('drop', (event) => {
    event.preventDefault();
    column.classList.remove('over');
    if (dragged) send(dragged, column.dataset.stage);
  });
}
