import { adminApi } from "./admin-api.mjs";
import { runMain } from "./problem.mjs";

// `npm run demo:tests`: a project with a fake door, a dark launch and a Wizard of Oz, and the address of a shop that shows
// them. Run again, it makes a new key for the page and starts what has stopped.

const PROJECT = "tents";
const ENVIRONMENT = "production";

await runMain(async () => {
  const api = adminApi();
  const at = `/projects/${PROJECT}`;
  const flags = `${at}/environments/${ENVIRONMENT}/flags`;
  const { projects } = await api("GET", "/projects");
  if (!projects.some((/** @type {{ key: string }} */ { key }) => key === PROJECT))
    await api("PUT", at, { name: "Tents & Trails", environments: [ENVIRONMENT] });
  const { tests } = await api("GET", `${at}/environments/${ENVIRONMENT}/tests`);
  /** @type {Record<string, object>} */
  const wanted = {
    "gift-cards": {
      kind: "fake-door",
      share: 100_000,
      wording: {
        message: "Gift cards are not there yet. Your click helps us decide whether to make them. Thank you!",
        thanks: "Thank you, we have noted your interest in gift cards.",
      },
      bar: 0.03,
      targetPeople: 5_000,
      // On one machine all visitors come from one network.
      networkCap: 10_000,
    },
    "photo-search": {
      kind: "dark-launch",
      segment: { attribute: "edge.ip", op: "in_cidr", values: ["203.0.113.0/24"] },
      staff: { attribute: "email", op: "ends_with", values: ["@shop.example"] },
    },
    "tent-adviser": {
      kind: "wizard-of-oz",
      share: 100_000,
      deadlineSeconds: 120,
      fallback: "Our adviser is outside right now. Please ask again later.",
      guidance: "Short and friendly. Two people: Dome 2. A family: Tunnel 4. Snow: none of ours.",
    },
  };
  for (const [flag, settings] of Object.entries(wanted)) {
    const test = tests.find((/** @type {{ flag: string }} */ one) => one.flag === flag);
    if (!test) await api("PUT", `${flags}/${flag}/test`, { settings });
    if (test?.status === "running") continue;
    if (flag === "photo-search") await api("POST", `${flags}/${flag}/test/stage`, { stage: "staff" });
    else await api("POST", `${flags}/${flag}/test/start`, {});
  }
  const { key } = await api("POST", `${at}/environments/${ENVIRONMENT}/keys`, { kind: "client", name: "Demo page" });
  const url = process.env.BLASTDOOR_URL ?? "http://127.0.0.1:8787";
  console.log(`shop      ${url}/demo?key=${key}`);
  console.log(`results   ${url}/p/${PROJECT}/tests/gift-cards`);
  console.log(`desk      ${url}/p/${PROJECT}/desk`);
  return 0;
});
