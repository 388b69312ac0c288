// The secret of a one-time link stands in the fragment, which is never sent; it goes into the field and out of the address.

const secret = location.hash.slice(1), field = document.querySelector("[name=secret]"), form = document.getElementById("enter");
// In WeChat the address stays whole, so that "Open in browser" takes the secret along; nothing goes on by itself.
if (secret && form && document.getElementById("wechat")) {
  field.value = secret;
} else if (secret && form) {
  history.replaceState(null, "", location.pathname);
  field.value = secret;
  form.requestSubmit();
}
// Another language is this page anew: the secret goes along in the fragment, which outlives the redirect and is not sent.
const languages = document.querySelector("form.languages");
languages?.addEventListener("submit", () => {
  languages.elements.back.value = "/enter";
  languages.action = languages.action.split("#")[0] + "#" + field.value;
});
