import path from "node:path";
import { type BuildOptions, build } from "esbuild";
import { root } from "../process/server.ts";

/** The packages of client/ as their own sources: an app gets them compiled. */
const PACKAGES = {
  "@blastdoor/browser/server": path.join(root, "client", "browser", "server.ts"),
  "@blastdoor/browser": path.join(root, "client", "browser", "index.ts"),
  "@blastdoor/server": path.join(root, "client", "server", "index.ts"),
  "@blastdoor/workers": path.join(root, "client", "workers", "index.ts"),
};

/** An example's program, bundled with all that it needs. */
export async function built(entry: string, { alias, ...options }: BuildOptions): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path.join(root, "examples", entry)],
    absWorkingDir: root,
    bundle: true,
    format: "esm",
    target: "es2022",
    alias: { ...PACKAGES, ...alias },
    write: false,
    logLevel: "silent",
    ...options,
  });
  return outputFiles?.[0]?.text ?? "";
}
