import { defineConfig } from "vite";

export default defineConfig({
  publicDir: false,
  build: {
    target: "es2020",
    lib: {
      entry: "client/browser/blastdoor.ts",
      name: "blastdoorScript",
      formats: ["iife"],
      fileName: () => "blastdoor.js",
    },
  },
});
