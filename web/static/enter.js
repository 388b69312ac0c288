// The secret of a one-time link stands in the fragment, which is never sent; it goes into the field and out of the address.

const secret = location.hash.slice(1);
// In WeChat the address stays whole, so that "Open in browser" takes the secret along; nothing goes on by itself.
if (secret && document.getElementById("wechat")) {
  document.getElementById("secret").value = secret;
} else if (secret) {
  history.replaceState(null, "", location.pathname);
  document.getElementById("secret").value = secret;
  document.getElementById("enter").requestSubmit();
}
