// A person is sealed to the server's key before it touches the storage; the phone keeps no key that could open it again.

const bytes = (text) => new TextEncoder().encode(text);
const from64 = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
const to64 = (parts) => btoa(parts.flatMap((part) => Array.from(part, (byte) => String.fromCharCode(byte))).join(""));

/** Seal a person to a public key (SPKI, base64), bound to the record's id. */
export async function seal(person, publicKey, id) {
  const { subtle } = crypto;
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const theirs = await subtle.importKey("spki", from64(publicKey), curve, false, []);
  const once = await subtle.generateKey(curve, false, ["deriveBits"]);
  const secret = await subtle.deriveBits({ name: "ECDH", public: theirs }, once.privateKey, 256);
  const base = await subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: bytes("fieldops sign-up 1") };
  const key = await subtle.deriveKey(how, base, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const text = bytes(JSON.stringify(person).padEnd(256)); // its length shall tell nothing
  const sealed = await subtle.encrypt({ name: "AES-GCM", iv, additionalData: bytes(id) }, key, text);
  const point = await subtle.exportKey("raw", once.publicKey);
  return to64([new Uint8Array(point), iv, new Uint8Array(sealed)]);
}
