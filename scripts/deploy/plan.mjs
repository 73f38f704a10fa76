/**
 * What a deployment makes, as far as the configuration tells.
 *
 * @typedef {object} Configuration as wrangler reads it from wrangler.toml
 * @property {string} [name]
 * @property {{ pattern: string, custom_domain?: boolean }[] | string[]} [routes]
 * @property {{ binding: string, id?: string }[]} kv_namespaces
 * @property {{ bindings: { class_name?: string }[] }} durable_objects
 * @property {{ crons?: string[] }} triggers
 * @property {Record<string, unknown>} [vars]
 */

/**
 * The lines that `npm run deploy` prints before it deploys.
 *
 * @param {Configuration} config
 * @param {readonly string[]} secrets names of the secrets that this deployment makes
 * @returns {string[]}
 */
export function planLines(config, secrets) {
  const rows = [
    ["Worker", `${config.name ?? "unnamed"}, at ${addressOf(config)}`],
    ["Durable Objects", config.durable_objects.bindings.map((one) => one.class_name).join(", ")],
    ...config.kv_namespaces.map(({ binding, id }) => [
      "KV namespace",
      `${binding} (${id ? id : "the first deployment makes it"})`,
    ]),
    ["Cron", (config.triggers.crons ?? []).join(", ") || "none"],
    ["Plan", String(config.vars?.PLAN ?? "paid")],
    ["New secrets", secrets.join(", ") || "none"],
  ];
  return rows.map(([what, value]) => `  ${what?.padEnd(16)} ${value}`);
}

/** @param {Configuration} config */
function addressOf(config) {
  const patterns = (config.routes ?? []).map((route) => (typeof route === "string" ? route : route.pattern));
  return patterns.length > 0 ? patterns.join(", ") : "workers.dev";
}

/**
 * What is missing for the promises to hold; null when nothing is.
 *
 * @param {Configuration} config
 */
export function domainWarning(config) {
  if ((config.routes ?? []).length > 0) return null;
  return [
    "There is no custom domain. On workers.dev the Cache API keeps nothing, so every isolate asks the store itself:",
    "answers take longer and cost more, and a kill can take longer than two seconds. Add one to wrangler.toml:",
    '  routes = [{ pattern = "flags.your-domain.example", custom_domain = true }]',
  ].join("\n");
}

/**
 * Which missing secrets a deployment makes. In a build whose log others read, what has to be shown once cannot be made.
 *
 * @param {readonly string[]} missing
 * @param {{ isLogged: boolean, unshown: ReadonlySet<string> }} where
 * @returns {{ make: string[], leave: string[] }}
 */
export function secretsToMake(missing, { isLogged, unshown }) {
  const canMake = (/** @type {string} */ name) => !isLogged || unshown.has(name);
  return { make: missing.filter(canMake), leave: missing.filter((name) => !canMake(name)) };
}

/** What is so while a secret is not set. */
export const WITHOUT = /** @type {const} */ ({
  ADMIN_TOKEN: "administration and the dashboard stay closed",
  BREAK_GLASS_SECRET: "the break-glass route stays closed",
  METRICS_TOKEN: "GET /metrics stays closed",
  KEY_CHECKSUM_SECRET: "new keys carry no checksum",
});
