import { defineConfig } from "vite";

export default defineConfig({
  publicDir: false,
  build: {
    target: "es2020",
    lib: { entry: "client/browser/doors.ts", formats: ["es"], fileName: () => "blastdoor-doors.js" },
  },
});
