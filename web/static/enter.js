// The secret of a one-time link stands in the fragment, which is never sent; it goes into the field and out of the address.

const secret = location.hash.slice(1);
if (secret) {
  history.replaceState(null, "", location.pathname);
  document.getElementById("secret").value = secret;
  document.getElementById("enter").requestSubmit();
}
