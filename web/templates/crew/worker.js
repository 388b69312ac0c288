// The worker of the phone's pages: they open without network. It never touches what is sent.
// A new version installs beside the old one and waits until the page says so: nobody loses the page under their thumb.
// Each version has a cache of its own, and a page is kept only beside the whole shell of its own version: the old worker gives
// a new page without network as soon as the new one has installed, and until then its own.

const VERSION = "{{ version }}";
const FILES = {{ files | tojson }};
const PAGES = {{ pages | tojson }};
const PATIENCE = 4000; // ms for a page from the network, then the kept one

const ours = (answer) => answer.ok && !answer.redirected && answer.headers.has("X-Fieldops");
const cacheOf = (version) => "crew-" + version;
const isWhole = (version) => caches.match(FILES[0].replace(VERSION, version), { cacheName: cacheOf(version) }); // they come all at once

/** Take in the whole shell of this version where it is not there: at the installation, and after a sign-out has cleared everything. */
async function takeShell() {
  if (!await isWhole(VERSION)) await (await caches.open(cacheOf(VERSION))).addAll(FILES);
}

/** Keep a page where it would have its scripts without network; where not, its version is new here and is to be installed first. */
async function keep(path, answer) {
  const version = answer.headers.get("X-Fieldops");
  if (await isWhole(version)) await (await caches.open(cacheOf(version))).put(path, answer);
  else registration.update().catch(() => {}); // where that fails, the next page tells it again
}

const givenAt = (page) => Date.parse(page.headers.get("Date")) || 0; // by the server's clock

/** The kept page that the server gave last, of whichever version: a release may have been taken back. */
async function kept(path) {
  const names = (await caches.keys()).filter((name) => name.startsWith("crew-")).reverse();
  const pages = await Promise.all(names.map((name) => caches.match(path, { cacheName: name })));
  return pages.filter(Boolean).sort((a, b) => givenAt(b) - givenAt(a))[0];
}

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    await takeShell();
    await Promise.all(PAGES.map(async (page) => {
      const answer = await fetch(page, { cache: "no-cache" }).catch(() => null);
      if (answer && ours(answer)) await keep(page, answer);
    }));
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const key of await caches.keys()) if (key.startsWith("crew-") && key !== cacheOf(VERSION)) await caches.delete(key);
    await self.clients.claim();
  })());
});

self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== location.origin) return;
  if (address.pathname.startsWith("/crew/shell/")) event.respondWith(file(event.request));
  else if (PAGES.includes(address.pathname)) event.respondWith(page(address.pathname, event.request));
});

async function file(request) {
  return (await caches.match(request)) ?? fetch(request);
}

/** Only who opens a page has the shell taken in anew: a page that was still asked for at a sign-out is kept no more. */
async function taken(path, answer, { mode }) {
  if (mode === "navigate" && answer.headers.get("X-Fieldops") === VERSION) await takeShell();
  await keep(path, answer);
}

async function page(path, request) {
  const cached = await kept(path);
  const network = fetch(request).then(async (answer) => {
    if (ours(answer)) await taken(path, answer.clone(), request).catch(() => {}); // no room, or no network any more: shown all the same
    else if (cached && answer.type !== "opaqueredirect" && answer.status !== 401) return cached; // some network's own page
    return answer;
  });
  if (!cached || request.mode !== "navigate") return network; // who asks for the page as it is now is not given the kept one
  const late = new Promise((done) => setTimeout(() => done(cached), PATIENCE));
  return Promise.race([network.catch(() => cached), late]);
}
