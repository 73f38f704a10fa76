import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    reporters: ["default", "./scripts/test-reporter.mjs"],
    projects: [
      {
        test: {
          name: "shared",
          environment: "node",
          include: ["shared/**/*.test.ts"],
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
          // Teaches zod to describe schemas for OpenAPI: before any schema is made, as in the Worker itself.
          setupFiles: ["./worker/testing/openapi-first.ts"],
          // The first request loads the whole Worker, seconds of work right after an install.
          testTimeout: 20_000,
          hookTimeout: 60_000,
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
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
