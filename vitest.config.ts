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
        test: {
          name: "process",
          environment: "node",
          include: ["test/**/*.test.ts"],
          // Each starts real servers and browsers: more at once only makes them time out.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
