import type { Value, ValueFault } from "../family.ts";
import { parseVersion } from "./semver.ts";

const LOOSE = /^(?:[<>=~^]+\s*)?[vV=]?\s*(\d+)(?:\.(\d+))?(?:\.(\d+))?([-+][\dA-Za-z.+-]+)?$/;

/** Why the evaluator reads no version in a value of a test, and the version that is probably meant. */
export function versionFault(value: Value): ValueFault | null {
  if (typeof value !== "string" || parseVersion(value)) return null;
  const [, major = "", minor = "0", patch = "0", rest = ""] = LOOSE.exec(value.trim()) ?? [];
  const core = [major, minor, patch].map((part) => part.replace(/^0+(?=\d)/, "")).join(".");
  const corrected = parseVersion(core + rest) ? core + rest : undefined;
  return { reason: "is no full semantic version: major.minor.patch, without a prefix", corrected };
}
