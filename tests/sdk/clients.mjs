// The unmodified npm SDK that SDK names, for apps without cookies and for browsers with a jar of their own.

import axios from "axios";
import { createHmac, randomUUID } from "node:crypto";
import assert from "node:assert/strict";

const { SDK, PUBLIC, ADMIN, STEPPED_PUBLIC, STEPPED_ADMIN } = process.env;
const sdk = (await import(SDK)).default;

export const PASSWORD = "blue-kettle-42-orbit";
export const email = () => `${randomUUID()}@example.org`;

export const plain = { public: PUBLIC, admin: ADMIN };
export const stepped = { public: STEPPED_PUBLIC, admin: STEPPED_ADMIN };

const configured = (basePath) => new sdk.Configuration({ basePath });

/** Says what the server said, too, where nobody expected a refusal. */
const told = (error) => {
  error.message += `: ${JSON.stringify(error.response?.data)}`;
  return Promise.reject(error);
};

export function native(where = plain) {
  const http = axios.create();
  http.interceptors.response.use(undefined, told);
  return new sdk.FrontendApi(configured(where.public), undefined, http);
}
export const identities = (where = plain) => new sdk.IdentityApi(configured(where.admin));
export const courier = (where = plain) => new sdk.CourierApi(configured(where.admin));
export const metadata = (where = plain) => new sdk.MetadataApi(configured(where.admin));

/** A browser: `api` is the SDK with its cookies, `http` an axios with them, `header()` what it would send. */
export function browser(where = plain) {
  const jar = new Map();
  const header = () => [...jar].map((pair) => pair.join("=")).join("; ");
  const http = axios.create({ baseURL: where.public, maxRedirects: 0, validateStatus: (status) => status < 400 });
  http.interceptors.request.use((request) => {
    if (jar.size) request.headers.set("Cookie", header());
    return request;
  });
  const kept = (response) => {
    for (const line of response?.headers["set-cookie"] ?? []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (/max-age=0\b/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
  };
  http.interceptors.response.use(
    (response) => (kept(response), response),
    (error) => (kept(error.response), told(error)),
  );
  return { api: new sdk.FrontendApi(configured(where.public), undefined, http), http, header };
}

/** What the server says no with, and how. */
export async function refused(call, status) {
  const error = await call.then(
    () => assert.fail("it was let through"),
    (failure) => failure,
  );
  assert.equal(error.response?.status, status, error);
  return error.response.data;
}

export const messages = (flow) => (flow.ui.messages ?? []).map((message) => message.id);
export const node = (flow, name) =>
  flow.ui.nodes.find(({ attributes }) => attributes.name === name || attributes.id === name)?.attributes;
export const csrf = (flow) => node(flow, "csrf_token").value;

/** The code in the newest message to an address, which has to be of this template. */
export async function codeTo(address, template, where = plain) {
  const { data } = await courier(where).listCourierMessages({ recipient: address });
  assert.equal(data[0].template_type, template);
  return /\b\d{6}\b/.exec(data[0].body)[0];
}

/** What an authenticator app shows, `later` steps from now. RFC 6238. */
export function totp(secret, later = 0) {
  const bits = [...secret].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"));
  const key = Buffer.from(bits.join("").match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + later));
  const digest = createHmac("sha1", key).update(step).digest();
  return String((digest.readUInt32BE(digest.at(-1) & 15) & 0x7fffffff) % 1e6).padStart(6, "0");
}
