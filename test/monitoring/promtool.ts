import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { root } from "../process/server.ts";

/** Kept between runs; not part of the project. */
const CACHE = path.join(root, "node_modules", ".cache", "promtool");

/**
 * Prometheus's own checker: the one on PATH, else the one of Debian's package, fetched with apt's own downloader and
 * unpacked beside node_modules, for which no rights are needed. Where neither can be had, why not.
 */
export function findPromtool(): { promtool: string } | { missing: string } {
  if (runs("promtool")) return { promtool: "promtool" };
  const kept = path.join(CACHE, "usr", "bin", "promtool");
  if (existsSync(kept) && runs(kept)) return { promtool: kept };
  for (const tool of ["apt-get", "dpkg"])
    if (spawnSync(tool, ["--version"]).error)
      return { missing: `no promtool on PATH, and no ${tool} to fetch it with` };
  mkdirSync(path.dirname(CACHE), { recursive: true });
  const folder = mkdtempSync(path.join(path.dirname(CACHE), "promtool-"));
  try {
    download(folder);
    const [debian = ""] = readdirSync(folder).filter((name) => name.endsWith(".deb"));
    execFileSync("dpkg", ["-x", debian, "unpacked"], { cwd: folder, stdio: "pipe", timeout: 60_000 });
    rmSync(CACHE, { recursive: true, force: true });
    renameSync(path.join(folder, "unpacked"), CACHE);
  } catch (error) {
    return { missing: `Debian's package prometheus could not be fetched: ${String(error).split("\n")[0]}` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return runs(kept) ? { promtool: kept } : { missing: "promtool of Debian's package does not run here" };
}

/** By the machine's lists of packages; where it has none, or old ones, by lists of our own: those need no rights. */
function download(folder: string): void {
  const apt = (...args: string[]) => execFileSync("apt-get", args, { cwd: folder, stdio: "pipe", timeout: 90_000 });
  try {
    apt("download", "prometheus");
  } catch {
    mkdirSync(path.join(folder, "lists", "partial"), { recursive: true });
    mkdirSync(path.join(folder, "cache", "archives", "partial"), { recursive: true });
    const own = ["-o", `Dir::State::Lists=${folder}/lists`, "-o", `Dir::Cache=${folder}/cache`];
    apt(...own, "update");
    apt(...own, "download", "prometheus");
  }
}

const runs = (file: string): boolean => spawnSync(file, ["--version"], { stdio: "ignore" }).status === 0;
