// A job's page asks once a second how far it is; where it has ended the page is read again, whole.

const box = document.getElementById("job");
const language = document.documentElement.lang;
const plain = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const share = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 3 });

async function look() {
  const answer = await fetch(box.dataset.now).catch(() => null);
  if (answer?.ok) {
    const now = await answer.json();
    if (now.ended) return location.reload();
    document.getElementById("share").value = now.share;
    for (const cell of box.querySelectorAll("[data-figure]")) {
      const value = now.figures[cell.dataset.figure];
      if (value !== undefined) cell.textContent = (cell.dataset.figure === "gap" ? share : plain).format(value);
    }
  }
  setTimeout(look, document.hidden ? 5000 : 1000);
}

if (box?.dataset.now) setTimeout(look, 1000);
