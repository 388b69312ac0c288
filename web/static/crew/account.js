// One's own page, of a crew's phone: to sign out there is to sign out of the phone's pages.

import { leave } from "./leave.js";

const form = document.querySelector("[data-leave]"), says = document.getElementById("says");
form?.addEventListener("submit", (event) => {
  event.preventDefault();
  leave(form, (why) => {
    says.textContent = form.dataset[why];
    says.hidden = false;
  });
});
