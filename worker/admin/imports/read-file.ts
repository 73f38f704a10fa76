import { VENDORS, type Vendor } from "../../../shared/import/formats.ts";
import type { Translation } from "../../../shared/import/model.ts";
import { translateFile } from "../../../shared/import/read.ts";
import { parseYaml, UnreadableYaml } from "../../../shared/import/yaml.ts";
import { IMPORT_LIMITS } from "../../../shared/limits.ts";
import { sha256 } from "../../crypto/sha256.ts";
import { hasProtoName, isJsonType, jsonDepth, readBody } from "../../http/body.ts";
import { ProblemError, rejectionProblem } from "../../http/problem.ts";

const YAML_TYPE = /^(?:application|text)\/(?:[a-z0-9.-]+\+|x-)?yaml\s*(?:;|$)/i;

export interface VendorFile {
  /** SHA-256 of its text. */
  readonly hash: string;
  readonly translation: Translation;
}

/** Reads and translates another vendor's file. Everything that is wrong with it is a clear 4xx. */
export async function readVendorFile(request: Request, from: string, environment: string): Promise<VendorFile> {
  const vendor = vendorOf(from);
  const text = await readBody(request, IMPORT_LIMITS.bytes);
  if (text === null)
    throw new ProblemError(413, "body-too-large", `The file is larger than ${IMPORT_LIMITS.bytes} bytes`, {
      detail: "Divide it: flags that depend on each other stay together.",
    });
  const document = await parsed(request, text);
  if (hasProtoName(document)) throw new ProblemError(400, "forbidden-name", 'A property cannot be called "__proto__"');
  const read = await translateFile(vendor, document, { environment });
  if (!read.ok) {
    const issues = read.issues.map(({ path, message }) => ({ field: path === "" ? "body" : path, message }));
    throw rejectionProblem({ code: "invalid", issues });
  }
  return { hash: sha256(text), translation: read.translation };
}

function vendorOf(from: string): Vendor {
  const vendor = VENDORS.find((one) => one === from);
  if (vendor !== undefined) return vendor;
  throw rejectionProblem({ code: "invalid", issues: [{ field: "from", message: `use one of ${VENDORS.join(", ")}` }] });
}

async function parsed(request: Request, text: string): Promise<unknown> {
  const type = request.headers.get("Content-Type") ?? "";
  if (YAML_TYPE.test(type)) return parsedYaml(text);
  if (!isJsonType(request))
    throw new ProblemError(415, "content-type", "Send Content-Type: application/json or application/yaml", {
      detail: `The request has ${type.slice(0, 100) || "none"}.`,
    });
  checkDepth(text);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ProblemError(400, "json-invalid", "The file is not valid JSON", {
      detail: error instanceof Error ? error.message : "",
    });
  }
}

async function parsedYaml(text: string): Promise<unknown> {
  // Its parser recurses, and keeps far more of a text than JSON's does.
  if (text.length > IMPORT_LIMITS.yamlChars)
    throw new ProblemError(413, "body-too-large", `YAML has at most ${IMPORT_LIMITS.yamlChars} characters`, {
      detail: "Send larger files as JSON.",
    });
  checkDepth(text);
  try {
    const value = await parseYaml(text);
    checkDepth(JSON.stringify(value));
    return value;
  } catch (error) {
    if (!(error instanceof UnreadableYaml)) throw error;
    throw new ProblemError(400, "yaml-invalid", "The file is not valid YAML", { detail: error.message.slice(0, 500) });
  }
}

function checkDepth(text: string): void {
  if (jsonDepth(text) > IMPORT_LIMITS.depth)
    throw new ProblemError(400, "json-too-deep", `The file nests deeper than ${IMPORT_LIMITS.depth} levels`);
}
