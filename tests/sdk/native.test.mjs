// Native apps: no cookies, the session is a token.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PASSWORD, codeTo, email, messages, native, node, plain, refused, stepped, totp } from "./clients.mjs";

const app = native();

async function signUp(address = email(), frontend = app) {
  const { data: flow } = await frontend.createNativeRegistrationFlow();
  const updateRegistrationFlowBody = { method: "password", password: PASSWORD, traits: { email: address } };
  const { data } = await frontend.updateRegistrationFlow({ flow: flow.id, updateRegistrationFlowBody });
  return { ...data, address };
}

async function signIn(identifier, password = PASSWORD, frontend = app) {
  const { data: flow } = await frontend.createNativeLoginFlow();
  const updateLoginFlowBody = { method: "password", identifier, password };
  return (await frontend.updateLoginFlow({ flow: flow.id, updateLoginFlowBody })).data;
}

async function save(xSessionToken, updateSettingsFlowBody, flow) {
  flow ??= (await app.createNativeSettingsFlow({ xSessionToken })).data.id;
  return (await app.updateSettingsFlow({ flow, xSessionToken, updateSettingsFlowBody })).data;
}

async function stepUp(xSessionToken, updateLoginFlowBody, frontend = app) {
  const { data: flow } = await frontend.createNativeLoginFlow({ aal: "aal2", xSessionToken });
  return (await frontend.updateLoginFlow({ flow: flow.id, xSessionToken, updateLoginFlowBody })).data;
}

const whoami = async (xSessionToken, frontend = app) => (await frontend.toSession({ xSessionToken })).data;

test("somebody signs up, out and in", async () => {
  const { session_token, identity, address } = await signUp();
  assert.equal((await whoami(session_token)).identity.id, identity.id);
  await app.performNativeLogout({ performNativeLogoutBody: { session_token } });
  await refused(app.toSession({ xSessionToken: session_token }), 401);
  assert.ok((await whoami((await signIn(address)).session_token)).active);
});

test("a wrong password comes as a flow", async () => {
  const { address } = await signUp();
  const { data: flow } = await app.createNativeLoginFlow();
  const updateLoginFlowBody = { method: "password", identifier: address, password: "wrong" };
  assert.deepEqual(messages(await refused(app.updateLoginFlow({ flow: flow.id, updateLoginFlowBody }), 400)), [4000006]);
  assert.deepEqual(messages((await app.getLoginFlow({ id: flow.id })).data), [4000006]);
});

test("a profile and a password are changed", async () => {
  const { session_token, address } = await signUp();
  const traits = { email: address, name: { first: "Ann" } };
  assert.deepEqual((await save(session_token, { method: "profile", traits })).identity.traits, traits);
  const saved = await save(session_token, { method: "password", password: "another-kettle-43-orbit" });
  assert.deepEqual([saved.state, messages(saved)], ["success", [1050001]]);
  assert.ok((await signIn(address, "another-kettle-43-orbit")).session_token);
});

test("an authenticator app is taken on and asked for", async () => {
  const { session_token, address } = await signUp();
  const { data: flow } = await app.createNativeSettingsFlow({ xSessionToken: session_token });
  const { secret } = node(flow, "totp_secret_key").text.context;
  assert.match(node(flow, "totp_qr").src, /^data:image\/png;base64,/);
  await save(session_token, { method: "totp", totp_code: totp(secret) }, flow.id);
  const again = await signIn(address);
  const error = await refused(app.toSession({ xSessionToken: again.session_token }), 403);
  assert.equal(error.error.id, "session_aal2_required");
  await stepUp(again.session_token, { method: "totp", totp_code: totp(secret, 1) });
  assert.equal((await whoami(again.session_token)).authenticator_assurance_level, "aal2");
  assert.equal((await save(session_token, { method: "totp", totp_unlink: true })).state, "success");
  assert.ok(await whoami((await signIn(address)).session_token));
});

test("backup codes are shown, confirmed, and each is used once", async () => {
  const { session_token, address } = await signUp();
  const { data: flow } = await app.createNativeSettingsFlow({ xSessionToken: session_token });
  const shown = await save(session_token, { method: "lookup_secret", lookup_secret_regenerate: true }, flow.id);
  const codes = node(shown, "lookup_secret_codes").text.context.secrets.map((each) => each.context.secret);
  assert.equal(codes.length, 12);
  await save(session_token, { method: "lookup_secret", lookup_secret_confirm: true }, flow.id);
  const [one, other] = [await signIn(address), await signIn(address)];
  const body = { method: "lookup_secret", lookup_secret: codes[0] };
  assert.equal((await stepUp(one.session_token, body)).session.authenticator_assurance_level, "aal2");
  assert.deepEqual(messages(await refused(stepUp(other.session_token, body), 400)), [4000012]);
});

test("a one-time code signs up and in", async () => {
  const address = email();
  const traits = { email: address };
  const { data: flow } = await app.createNativeRegistrationFlow();
  const first = { flow: flow.id, updateRegistrationFlowBody: { method: "code", traits } };
  assert.equal((await refused(app.updateRegistrationFlow(first), 400)).state, "sent_email");
  const code = await codeTo(address, "registration_code_valid");
  const second = { flow: flow.id, updateRegistrationFlowBody: { method: "code", traits, code } };
  assert.ok((await app.updateRegistrationFlow(second)).data.session_token);

  const { data: login } = await app.createNativeLoginFlow();
  const asked = { method: "code", identifier: address };
  const sent = await refused(app.updateLoginFlow({ flow: login.id, updateLoginFlowBody: asked }), 400);
  assert.deepEqual(messages(sent), [1010014]);
  const updateLoginFlowBody = { ...asked, code: await codeTo(address, "login_code_valid") };
  assert.ok((await app.updateLoginFlow({ flow: login.id, updateLoginFlowBody })).data.session_token);
});

test("an address is verified", async () => {
  const { session_token, continue_with, address } = await signUp();
  const { flow } = continue_with.find((each) => each.action === "show_verification_ui");
  const code = await codeTo(address, "verification_code_valid");
  const body = { flow: flow.id, updateVerificationFlowBody: { method: "code", code } };
  assert.equal((await app.updateVerificationFlow(body)).data.state, "passed_challenge");
  assert.equal((await whoami(session_token)).identity.verifiable_addresses[0].status, "completed");
});

test("a lost password is replaced", async () => {
  const { address } = await signUp();
  const { data: flow } = await app.createNativeRecoveryFlow();
  const ask = { flow: flow.id, updateRecoveryFlowBody: { method: "code", email: address } };
  assert.equal((await app.updateRecoveryFlow(ask)).data.state, "sent_email");
  const code = await codeTo(address, "recovery_code_valid");
  const { data } = await app.updateRecoveryFlow({ flow: flow.id, updateRecoveryFlowBody: { method: "code", code } });
  const told = Object.fromEntries(data.continue_with.map((each) => [each.action, each]));
  const token = told.set_ory_session_token.ory_session_token;
  await save(token, { method: "password", password: "another-kettle-43-orbit" }, told.show_settings_ui.flow.id);
  assert.ok((await signIn(address, "another-kettle-43-orbit")).session_token);
});

test("sessions are listed and ended", async () => {
  const { session_token, address } = await signUp();
  const others = [await signIn(address), await signIn(address)];
  const listed = (await app.listMySessions({ xSessionToken: session_token })).data;
  assert.deepEqual(new Set(listed.map((each) => each.id)), new Set(others.map((each) => each.session.id)));
  await app.disableMySession({ id: others[0].session.id, xSessionToken: session_token });
  await refused(app.toSession({ xSessionToken: others[0].session_token }), 401);
  assert.equal((await app.disableMyOtherSessions({ xSessionToken: session_token })).data.count, 2);
  await refused(app.toSession({ xSessionToken: others[1].session_token }), 401);
});

test("a refresh keeps the token and adds a method", async () => {
  const { session_token: xSessionToken, address } = await signUp();
  const { data: flow } = await app.createNativeLoginFlow({ refresh: true, xSessionToken });
  const updateLoginFlowBody = { method: "password", identifier: address, password: PASSWORD };
  const { data } = await app.updateLoginFlow({ flow: flow.id, xSessionToken, updateLoginFlowBody });
  assert.equal(data.session_token, xSessionToken);
  assert.equal((await whoami(xSessionToken)).authentication_methods.length, 2);
});

test("a session comes as a signed token", async () => {
  const { session_token: xSessionToken, identity } = await signUp();
  const { data } = await app.toSession({ xSessionToken, tokenizeAs: "signed" });
  const claims = JSON.parse(Buffer.from(data.tokenized.split(".")[1], "base64url"));
  assert.deepEqual([claims.sid, claims.sub], [data.id, identity.id]);
  await refused(app.toSession({ xSessionToken, tokenizeAs: "unheard-of" }), 400);
});

test("a code sent to the only address is a second factor", async () => {
  const frontend = native(stepped);
  const { session_token: xSessionToken, address } = await signUp(email(), frontend);
  await refused(frontend.toSession({ xSessionToken }), 403);
  const { data: flow } = await frontend.createNativeLoginFlow({ aal: "aal2", xSessionToken });
  assert.deepEqual([flow.state, messages(flow)], ["sent_email", [1010025]]);
  const updateLoginFlowBody = { method: "code", code: await codeTo(address, "login_code_valid", stepped) };
  await frontend.updateLoginFlow({ flow: flow.id, xSessionToken, updateLoginFlowBody });
  assert.equal((await whoami(xSessionToken, frontend)).authenticator_assurance_level, "aal2");
});

test("an ID token that the app got itself signs up and in", async () => {
  const frontend = native(stepped);
  const { ID_TOKEN: id_token, ID_TOKEN_NONCE: id_token_nonce } = process.env;
  const updateLoginFlowBody = { method: "oidc", provider: "app", id_token, id_token_nonce };
  for (const methods of [["oidc"], ["oidc"]]) {
    const { data: flow } = await frontend.createNativeLoginFlow();
    const { data } = await frontend.updateLoginFlow({ flow: flow.id, updateLoginFlowBody });
    assert.deepEqual(data.session.authentication_methods.map((each) => each.method), methods);
  }
});

test("a sign-in at a provider is fetched with two codes", async () => {
  const frontend = native(stepped);
  const where = { returnSessionTokenExchangeCode: true, returnTo: "https://app.example.org/inside" };
  const { data: flow } = await frontend.createNativeLoginFlow(where);
  const initCode = flow.session_token_exchange_code;
  const updateLoginFlowBody = { method: "oidc", provider: "example" };
  const away = await refused(frontend.updateLoginFlow({ flow: flow.id, updateLoginFlowBody }), 422);
  const page = await (await fetch(away.redirect_browser_to)).text();
  const back = /href="([^"]+)"/.exec(page.replace("href=data:", ""))[1].replaceAll("&amp;", "&");
  const there = new URL((await fetch(back, { redirect: "manual" })).headers.get("location"));
  assert.equal(there.origin + there.pathname, where.returnTo, String(there));
  const codes = { initCode, returnToCode: there.searchParams.get("code") };
  const { data } = await frontend.exchangeSessionToken(codes);
  assert.equal(data.session.authentication_methods[0].provider, "example");
  await refused(frontend.exchangeSessionToken(codes), 404);
});
