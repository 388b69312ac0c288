// The end of the page's parsing is a task of the browser's own; ours begin with the next.

setTimeout(() => import("./views.js"));
