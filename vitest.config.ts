import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

// Reached only when something is wrong. The machine may be busy, at a third of its speed and with other tests beside.
const PATIENCE = { testTimeout: 60_000, hookTimeout: 120_000, expect: { poll: { timeout: 20_000 } } };
const PURE = [
  ...["client", "shared", "scripts/verify", "worker/{drill,objects/flag-store/decide,evaluation/edge,metrics}"].map(
    (folder) => `${folder}/**/*.test.ts`,
  ),
  "worker/admin/*/decide*.test.ts",
];

export default defineConfig({
  test: {
    reporters: ["default", "./scripts/test-reporter.mjs"],
    projects: [
      {
        // Nothing here reaches for the runtime: a test in these folders that imports "cloudflare:…" fails to load.
        test: {
          name: "pure",
          environment: "node",
          include: PURE,
          // A start for each file would take longer than the tests.
          isolate: false,
          ...PATIENCE,
        },
      },
      {
        // Inside workerd, with the Worker's own bindings.
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            // A developer's own .dev.vars must not decide what a test sees.
            miniflare: { bindings: { ADMIN_TOKEN: "bda_in-worker-tests" } },
          }),
        ],
        test: {
          name: "worker",
          include: ["worker/**/*.test.ts"],
          exclude: PURE,
          // One workerd for all files, where each would need two seconds to load the Worker: tests name their own projects.
          isolate: false,
          // Teaches zod to describe schemas for OpenAPI: before any schema is made, as in the Worker itself.
          setupFiles: ["./worker/testing/openapi-first.ts"],
          ...PATIENCE,
          // Its package holds ES modules without saying so: only a bundled copy loads.
          deps: { optimizer: { ssr: { enabled: true, include: ["itty-durable"] } } },
        },
      },
      {
        test: {
          name: "process",
          environment: "node",
          include: ["test/**/*.test.ts", "scripts/**/*.test.mjs"],
          // Each starts real servers and browsers: more at once only makes them time out.
          fileParallelism: false,
          ...PATIENCE,
          testTimeout: 120_000,
        },
      },
    ],
  },
});
