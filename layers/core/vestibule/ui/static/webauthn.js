"use strict";
// What the buttons for security keys and passkeys call: `window.ory…`. Options come from the form, answers go back
// into it, and the form is sent. Each function gives a promise, so that a page can tell people what went wrong.
(() => {
  const named = (name) => document.querySelector(`*[name="${name}"]`);

  const bytes = (text) => {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  };
  const encoded = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const listed = (keys) => keys && keys.map((key) => ({ ...key, id: bytes(key.id) }));

  const answered = (key) => {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (key.response[name]) response[name] = encoded(key.response[name]);
    }
    if (key.response.getTransports) response.transports = key.response.getTransports();
    const answer = { id: key.id, rawId: encoded(key.rawId), type: key.type, response };
    if (key.authenticatorAttachment) answer.authenticatorAttachment = key.authenticatorAttachment;
    return JSON.stringify(answer);
  };

  // One question at a time: a button interrupts the one that waits behind the field for the name.
  let waiting;
  const asked = () => {
    if (waiting) waiting.abort("another question");
    waiting = new AbortController();
    return waiting.signal;
  };

  const made = async (publicKey) =>
    answered(await navigator.credentials.create({
      signal: asked(),
      publicKey: {
        ...publicKey,
        challenge: bytes(publicKey.challenge),
        user: { ...publicKey.user, id: bytes(publicKey.user.id) },
        excludeCredentials: listed(publicKey.excludeCredentials),
      },
    }));

  const signed = async (publicKey, mediation) =>
    answered(await navigator.credentials.get({
      mediation,
      signal: asked(),
      publicKey: {
        ...publicKey,
        challenge: bytes(publicKey.challenge),
        allowCredentials: listed(publicKey.allowCredentials),
      },
    }));

  const send = (input, answer) => {
    input.value = answer;
    input.form.submit();
  };

  const options = (given) => (typeof given === "string" ? JSON.parse(given) : given).publicKey;

  // What people have to fill in first; a key that was made for nothing stays on their device.
  const complete = (form) =>
    [...form.elements].every((field) => !field.name.startsWith("traits.") || field.type === "hidden" || field.reportValidity());

  window.oryWebAuthnLogin = async (given) => send(named("webauthn_login"), await signed(options(given)));

  window.oryWebAuthnRegistration = async (given) => {
    const input = named("webauthn_register");
    if (complete(input.form)) send(input, await made(options(given)));
  };

  window.oryPasskeyLogin = async () =>
    send(named("passkey_login"), await signed(options(named("passkey_challenge").value)));

  window.oryPasskeyLoginAutocompleteInit = async () => {
    const input = named("passkey_login");
    const known = window.PublicKeyCredential && PublicKeyCredential.isConditionalMediationAvailable;
    if (!input || !known || !(await PublicKeyCredential.isConditionalMediationAvailable())) return;
    try {
      send(input, await signed(options(named("passkey_challenge").value), "conditional"));
    } catch {
      // Nobody chose a passkey from the list; the other ways to sign in are still there.
    }
  };

  window.oryPasskeyRegistration = async () => {
    const input = named("passkey_register");
    if (!complete(input.form)) return;
    const data = JSON.parse(named("passkey_create_data").value);
    const publicKey = options(data.credentialOptions);
    const fields = data.displayNameFieldNames || [data.displayNameFieldName];
    const name = fields.map((each) => (named(each) || {}).value).find(Boolean);
    if (name) publicKey.user = { ...publicKey.user, name, displayName: name };
    send(input, await made(publicKey));
  };

  window.oryPasskeySettingsRegistration = async () =>
    send(named("passkey_settings_register"), await made(options(named("passkey_create_data").value)));
})();
