// Browsers: single-page apps that send their cookies along, and servers that draw pages with a browser's cookies.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PASSWORD, browser, codeTo, csrf, email, messages, node, refused, stepped, totp } from "./clients.mjs";

async function signUp({ api }, address = email()) {
  const { data: flow } = await api.createBrowserRegistrationFlow();
  const fields = { method: "password", password: PASSWORD, traits: { email: address } };
  const updateRegistrationFlowBody = { ...fields, csrf_token: csrf(flow) };
  return { ...(await api.updateRegistrationFlow({ flow: flow.id, updateRegistrationFlowBody })).data, address };
}

async function signIn({ api }, identifier, asked = {}) {
  const { data: flow } = await api.createBrowserLoginFlow(asked);
  const fields = { method: "password", identifier, password: PASSWORD, csrf_token: csrf(flow) };
  return (await api.updateLoginFlow({ flow: flow.id, updateLoginFlowBody: fields })).data;
}

async function save({ api }, body, flow) {
  flow ??= (await api.createBrowserSettingsFlow()).data;
  const updateSettingsFlowBody = { ...body, csrf_token: csrf(flow) };
  return (await api.updateSettingsFlow({ flow: flow.id, updateSettingsFlowBody })).data;
}

async function signOut({ api }) {
  const { data } = await api.createBrowserLogoutFlow();
  assert.ok(data.logout_url.endsWith(data.logout_token));
  await api.updateLogoutFlow({ token: data.logout_token });
}

test("somebody signs up, out and in", async () => {
  const ann = browser();
  const { session, address, continue_with } = await signUp(ann);
  assert.equal((await ann.api.toSession()).data.id, session.id);
  assert.deepEqual(continue_with.map((each) => each.action), ["redirect_browser_to", "show_verification_ui"]);
  await signOut(ann);
  await refused(ann.api.toSession(), 401);
  assert.equal((await signIn(ann, address)).session.active, true);
  assert.equal((await ann.api.toSession()).data.identity.traits.email, address);
});

test("a page is drawn elsewhere, with the browser's cookies", async () => {
  const ann = browser();
  const headers = { Accept: "text/html" };
  const there = await ann.http.get(`${ann.http.defaults.baseURL}/self-service/login/browser?aal=&refresh=&return_to=`, { headers });
  assert.equal(there.status, 303);
  const id = new URL(there.headers.location).searchParams.get("flow");
  const server = browser(); // it has no cookies of its own
  const { data: flow } = await server.api.getLoginFlow({ id, cookie: ann.header() });
  assert.equal(flow.ui.method, "POST");
  assert.equal((await refused(browser().api.getLoginFlow({ id }), 403)).error.id, "security_csrf_violation");
  await signUp(ann);
  assert.ok((await server.api.toSession({ cookie: ann.header() })).data.active);
  const { data } = await server.api.createBrowserLogoutFlow({ cookie: ann.header(), returnTo: "" });
  assert.match(data.logout_token, /^ory_lo_/);
});

test("a form without its token is refused", async () => {
  const ann = browser();
  const { data: flow } = await ann.api.createBrowserLoginFlow();
  const updateLoginFlowBody = { method: "password", identifier: email(), password: PASSWORD };
  const said = await refused(ann.api.updateLoginFlow({ flow: flow.id, updateLoginFlowBody }), 403);
  assert.equal(said.error.id, "security_csrf_violation");
});

test("a profile and a password are changed", async () => {
  const ann = browser();
  const { address } = await signUp(ann);
  const traits = { email: address, name: { first: "Ann" } };
  assert.deepEqual((await save(ann, { method: "profile", traits })).identity.traits, traits);
  const saved = await save(ann, { method: "password", password: "another-kettle-43-orbit" });
  assert.deepEqual([saved.state, saved.continue_with.at(-1).action], ["success", "redirect_browser_to"]);
});

test("an authenticator app is taken on, and asked for on the way in", async () => {
  const ann = browser();
  const { address } = await signUp(ann);
  const { data: flow } = await ann.api.createBrowserSettingsFlow();
  const { secret } = node(flow, "totp_secret_key").text.context;
  await save(ann, { method: "totp", totp_code: totp(secret) }, flow);
  await signOut(ann);
  const away = await refused(signIn(ann, address, { returnTo: "https://app.example.org/inside" }), 422);
  assert.equal(new URL(away.redirect_browser_to).searchParams.get("aal"), "aal2");
  assert.equal((await refused(ann.api.toSession(), 403)).error.id, "session_aal2_required");
  assert.equal((await refused(ann.api.createBrowserSettingsFlow(), 403)).error.id, "session_aal2_required");
  const { data: second } = await ann.api.createBrowserLoginFlow({ aal: "aal2" });
  const updateLoginFlowBody = { method: "totp", totp_code: totp(secret, 1), csrf_token: csrf(second) };
  await ann.api.updateLoginFlow({ flow: second.id, updateLoginFlowBody });
  assert.equal((await ann.api.toSession()).data.authenticator_assurance_level, "aal2");
});

test("an address is verified", async () => {
  const ann = browser();
  const { address } = await signUp(ann);
  const { data: flow } = await ann.api.createBrowserVerificationFlow();
  const body = { method: "code", email: address, csrf_token: csrf(flow) };
  const sent = await ann.api.updateVerificationFlow({ flow: flow.id, updateVerificationFlowBody: body });
  assert.deepEqual(messages(sent.data), [1080003]);
  const code = await codeTo(address, "verification_code_valid");
  const updateVerificationFlowBody = { method: "code", code, csrf_token: csrf(flow) };
  const { data } = await ann.api.updateVerificationFlow({ flow: flow.id, updateVerificationFlowBody });
  assert.deepEqual([data.state, data.ui.method, messages(data)], ["passed_challenge", "GET", [1080002]]);
});

test("a lost password is replaced", async () => {
  const address = email();
  await signUp(browser(), address);
  const ann = browser();
  const { data: flow } = await ann.api.createBrowserRecoveryFlow();
  const send = (fields) => {
    const updateRecoveryFlowBody = { method: "code", csrf_token: csrf(flow), ...fields };
    return ann.api.updateRecoveryFlow({ flow: flow.id, updateRecoveryFlowBody });
  };
  assert.equal((await send({ email: address })).data.state, "sent_email");
  assert.deepEqual(messages((await send({ code: "000000" })).data), [4060006]);
  const { data } = await send({ code: await codeTo(address, "recovery_code_valid") });
  const { flow: settings } = data.continue_with.find((each) => each.action === "show_settings_ui");
  const { data: form } = await ann.api.getSettingsFlow({ id: settings.id });
  assert.deepEqual(messages(form), [1060001]);
  await save(ann, { method: "password", password: "another-kettle-43-orbit" }, form);
  await refused(signIn(browser(), address), 400);
});

test("sessions are listed and ended", async () => {
  const [ann, phone] = [browser(), browser()];
  const { address } = await signUp(ann);
  const { session } = await signIn(phone, address);
  assert.deepEqual((await ann.api.listMySessions()).data.map((each) => each.id), [session.id]);
  await ann.api.disableMySession({ id: session.id });
  await refused(phone.api.toSession(), 401);
  await signIn(phone, address);
  assert.equal((await ann.api.disableMyOtherSessions()).data.count, 2);
  await refused(phone.api.toSession(), 401);
});

test("who is signed in already is told so", async () => {
  const ann = browser();
  const { address } = await signUp(ann);
  assert.equal((await refused(ann.api.createBrowserLoginFlow(), 400)).error.id, "session_already_available");
  const { data: flow } = await ann.api.createBrowserLoginFlow({ refresh: true });
  assert.deepEqual(messages(flow), [1010003]);
  assert.equal((await signIn(ann, address, { refresh: true })).session.authentication_methods.length, 2);
});

test("an error page reads what went wrong", async () => {
  const ann = browser();
  const url = `${ann.http.defaults.baseURL}/self-service/login/browser?return_to=https://evil.example.com/`;
  const there = await ann.http.get(url, { headers: { Accept: "text/html" } });
  const id = new URL(there.headers.location).searchParams.get("id");
  assert.equal((await ann.api.getFlowError({ id })).data.error.id, "self_service_flow_return_to_forbidden");
});

test("somebody signs up in two steps, and in in two steps", async () => {
  const ann = browser(stepped);
  const traits = { email: email() };
  const { data: flow } = await ann.api.createBrowserRegistrationFlow();
  const send = (fields) => {
    const updateRegistrationFlowBody = { traits, csrf_token: csrf(flow), ...fields };
    return ann.api.updateRegistrationFlow({ flow: flow.id, updateRegistrationFlowBody });
  };
  const second = await refused(send({ method: "profile" }), 400);
  assert.deepEqual(messages(second), [1040009]);
  assert.equal(node(second, "traits.email").type, "hidden");
  assert.ok((await send({ method: "password", password: PASSWORD })).data.session);

  const again = browser(stepped);
  const { data: login } = await again.api.createBrowserLoginFlow();
  const asked = { identifier: traits.email, csrf_token: csrf(login) };
  const submit = (fields) => again.api.updateLoginFlow({ flow: login.id, updateLoginFlowBody: { ...asked, ...fields } });
  const how = await refused(submit({ method: "identifier_first" }), 400);
  assert.equal(node(how, "identifier").type, "hidden");
  assert.ok(node(how, "password"));
  // The address is a second factor there: what is left to show is its code.
  assert.match((await refused(submit({ method: "password", password: PASSWORD }), 422)).redirect_browser_to, /aal=aal2/);
});
