import { defineConfig } from "vite";

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    // One style sheet: no page appears unstyled for a moment.
    cssCodeSplit: false,
    // The polyfill is for browsers that the target leaves out.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  server: { proxy: { "/api": "http://127.0.0.1:8787" } },
});
