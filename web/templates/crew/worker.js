// The worker of the phone's pages: they open without network. It never touches what is sent.
// A new version installs beside the old one and waits until the page says so: nobody loses the page under their thumb.

const CACHE = "crew-{{ version }}";
const FILES = {{ files | tojson }};
const PAGES = {{ pages | tojson }};
const PATIENCE = 4000; // ms for a page from the network, then the kept one

const ours = (answer) => answer.ok && !answer.redirected && answer.headers.has("X-Fieldops");

async function keep(request, answer) {
  const cache = await caches.open(CACHE);
  await cache.put(request, answer);
}

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll(FILES);
    await Promise.all(PAGES.map(async (page) => {
      const answer = await fetch(page, { cache: "no-cache" }).catch(() => null);
      if (answer && ours(answer)) await cache.put(page, answer);
    }));
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const key of await caches.keys()) if (key.startsWith("crew-") && key !== CACHE) await caches.delete(key);
    await self.clients.claim();
  })());
});

self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== location.origin) return;
  if (FILES.includes(address.pathname)) event.respondWith(file(event.request));
  else if (PAGES.includes(address.pathname)) event.respondWith(page(address.pathname, event.request));
});

async function file(request) {
  return (await caches.match(request)) ?? fetch(request);
}

async function page(path, request) {
  const cached = await caches.match(path);
  const network = fetch(request).then(async (answer) => {
    if (ours(answer)) await keep(path, answer.clone());
    else if (cached && answer.type !== "opaqueredirect" && answer.status !== 401) return cached; // some network's own page
    return answer;
  });
  if (!cached || request.mode !== "navigate") return network; // who asks for the page as it is now is not given the kept one
  const late = new Promise((done) => setTimeout(() => done(cached), PATIENCE));
  return Promise.race([network.catch(() => cached), late]);
}
