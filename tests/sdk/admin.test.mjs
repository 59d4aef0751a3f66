// The admin API.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PASSWORD, courier, email, identities, metadata, native, refused, stepped } from "./clients.mjs";

const TOTP_URL = "otpauth://totp/Example:ann?secret=JBSWY3DPEHPK3PXP&issuer=Example";

const admin = identities();
const app = native();

async function person(more = {}) {
  const credentials = { password: { config: { password: PASSWORD } } };
  const createIdentityBody = { schema_id: "person", traits: { email: email() }, credentials, ...more };
  return (await admin.createIdentity({ createIdentityBody })).data;
}

async function signIn(identifier) {
  const { data: flow } = await app.createNativeLoginFlow();
  const updateLoginFlowBody = { method: "password", identifier, password: PASSWORD };
  return (await app.updateLoginFlow({ flow: flow.id, updateLoginFlowBody })).data;
}

test("an identity is made, read, found, changed and deleted", async () => {
  const { id, traits } = await person({ metadata_admin: { plan: "free" }, external_id: email() });
  const { data: read } = await admin.getIdentity({ id, includeCredential: ["password"] });
  assert.deepEqual(read.credentials.password.identifiers, [traits.email]);
  assert.equal((await admin.getIdentityByExternalID({ externalID: read.external_id })).data.id, id);
  const { data: found } = await admin.listIdentities({ credentialsIdentifier: traits.email });
  assert.deepEqual(found.map((each) => each.id), [id]);
  const jsonPatch = [{ op: "replace", path: "/metadata_admin/plan", value: "paid" }];
  assert.equal((await admin.patchIdentity({ id, jsonPatch })).data.metadata_admin.plan, "paid");
  const updateIdentityBody = { schema_id: "person", state: "inactive", traits };
  assert.equal((await admin.updateIdentity({ id, updateIdentityBody })).data.state, "inactive");
  await refused(signIn(traits.email), 400);
  assert.equal((await admin.deleteIdentity({ id })).status, 204);
  await refused(admin.getIdentity({ id }), 404);
});

test("somebody who exists is not made again", async () => {
  const { traits } = await person();
  await refused(person({ traits }), 409);
});

test("many are made at once, and listed page by page", async () => {
  const made = [1, 2, 3].map((number) => ({ create: { schema_id: "person", traits: { email: email() } }, patch_id: `0000000${number}-0000-4000-8000-000000000000` }));
  const { data } = await admin.batchPatchIdentities({ patchIdentitiesBody: { identities: made } });
  assert.deepEqual(data.identities.map((each) => each.action), ["create", "create", "create"]);
  const seen = new Set();
  for (let pageToken, more = true; more; ) {
    const { data: page, headers } = await admin.listIdentities({ pageSize: 2, pageToken });
    page.forEach((each) => seen.add(each.id));
    pageToken = /[?&]page_token=([^&>]*)[^>]*>; rel="next"/.exec(headers.link)?.[1];
    more = pageToken !== undefined;
  }
  assert.ok(data.identities.every((each) => seen.has(each.identity)));
});

test("sessions are listed, extended and ended", async () => {
  const { id, traits } = await person();
  const { session, session_token: xSessionToken } = await signIn(traits.email);
  assert.equal((await admin.getSession({ id: session.id, expand: ["identity"] })).data.identity.id, id);
  assert.equal((await admin.extendSession({ id: session.id })).data.id, session.id);
  assert.equal((await admin.listIdentitySessions({ id })).data.length, 1);
  await admin.disableSession({ id: session.id });
  await refused(app.toSession({ xSessionToken }), 401);
  assert.ok((await admin.listSessions({ active: false })).data.some((each) => each.id === session.id));
  await admin.deleteIdentitySessions({ id });
  assert.deepEqual((await admin.listIdentitySessions({ id })).data, []);
});

test("a way back in is made for somebody", async () => {
  const { id } = await person();
  const createRecoveryCodeForIdentityBody = { identity_id: id, expires_in: "1h", flow_type: "api" };
  const { data } = await admin.createRecoveryCodeForIdentity({ createRecoveryCodeForIdentityBody });
  const flow = new URL(data.recovery_link).searchParams.get("flow");
  const updateRecoveryFlowBody = { method: "code", code: data.recovery_code };
  assert.equal((await app.updateRecoveryFlow({ flow, updateRecoveryFlowBody })).data.state, "passed_challenge");
});

test("credentials are taken away, but not the last", async () => {
  const where = identities(stepped); // codes alone are no way in there
  const credentials = { password: { config: { password: PASSWORD } }, totp: { config: { totp_url: TOTP_URL } } };
  const createIdentityBody = { schema_id: "person", traits: { email: email() }, credentials };
  const { id } = (await where.createIdentity({ createIdentityBody })).data;
  assert.equal((await where.deleteIdentityCredentials({ id, type: "totp" })).status, 204);
  await refused(where.deleteIdentityCredentials({ id, type: "totp" }), 404);
  await refused(where.deleteIdentityCredentials({ id, type: "password" }), 400);
});

test("schemas, health and messages are there", async () => {
  assert.deepEqual((await admin.listIdentitySchemas()).data.map((each) => each.id), ["person"]);
  assert.ok((await admin.getIdentitySchema({ id: "person" })).data.properties.traits);
  for (const ask of ["isAlive", "isReady"]) {
    if (metadata()[ask]) assert.equal((await metadata()[ask]()).data.status, "ok"); // one of the two SDKs has no such call
  }
  assert.ok((await metadata().getVersion()).data.version);
  const { data } = await courier().listCourierMessages({ pageSize: 1 });
  for (const each of data) assert.equal((await courier().getCourierMessage({ id: each.id })).data.id, each.id);
});
