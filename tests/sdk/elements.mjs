// The reference UI's own drawing of flows, unmodified: a line of JSON in, a line of JSON out.

import * as elements from "@ory/elements-markup";
import { createInterface } from "node:readline";

const card = {
  settings: ({ flow, section }) => elements.UserSettingsCard({ flow, method: section, includeScripts: true }),
  messages: ({ flow }) => elements.NodeMessages({ uiMessages: flow.ui.messages }),
  dictionary: () => elements.locales.en,
  error: ({ flow }) => elements.UserErrorCard({ error: flow, backUrl: "/login" }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { kind, flow, section } = JSON.parse(line);
  const draw = card[kind] ?? (() => elements.UserAuthCard({ title: kind, flow, flowType: kind, includeScripts: true }));
  process.stdout.write(`${JSON.stringify(draw({ flow, section }))}\n`);
}
