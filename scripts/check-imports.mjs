import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { Problem, runMain } from "./problem.mjs";
import { isMain, root } from "./root.mjs";

/*
 * The laws of the tree: which folder may import from which. Biome's noRestrictedImports compares the text of a
 * specifier ("../kernel/outbox.ts"), which says nothing about the folder it leads to; here each specifier is resolved.
 */

/**
 * @typedef {{ from: string[], to: string[], except?: string[], allowed?: RegExp, apart?: true, because: string }} Law
 * Files beneath `from` do not import files beneath `to`, other than those beneath `except` or with an `allowed` name.
 * With `apart`, each folder in `to` may import itself, and none the others.
 */

/** @type {Law[]} */
const LAWS = [
  {
    from: ["shared/"],
    to: ["worker/", "dashboard/", "client/", "scripts/"],
    because: "shared/ is the pure core that all others rest on",
  },
  {
    from: ["shared/evaluation/model/"],
    to: ["shared/"],
    except: ["shared/evaluation/model/", "shared/schema/"],
    because: "the model holds types and constants that compile, run and explain have in common",
  },
  {
    from: ["worker/"],
    to: ["dashboard/", "client/", "scripts/"],
    because: "the Worker serves the dashboard and the scripts as files and does not know their code",
  },
  {
    from: ["worker/crypto/", "worker/kv/", "worker/http/"],
    to: ["worker/admin/", "worker/evaluation/", "worker/events/", "worker/demand/", "worker/objects/"],
    because: "ciphers, key-value access and HTTP know nothing of what they are used for",
  },
  {
    from: ["worker/objects/"],
    to: ["worker/evaluation/", "worker/demand/", "worker/app.ts", "worker/index.ts"],
    because: "routes call objects, objects do not call routes",
  },
  {
    from: ["worker/objects/"],
    to: ["worker/admin/"],
    // What a resource is, beside its route.
    allowed: /\/(?:define-\w+|flag-rights|entity|commands|decide|view|resource)\.ts$/,
    because: "the store takes a resource's definition, and nothing of its route",
  },
  {
    from: ["worker/objects/kernel/"],
    to: ["worker/objects/"],
    except: ["worker/objects/kernel/"],
    because: "the kernel is what every Durable Object rests on",
  },
  {
    from: ["worker/evaluation/"],
    to: ["worker/admin/"],
    because: "evaluation never waits for the control plane",
  },
  {
    from: ["worker/events/", "worker/demand/"],
    to: ["worker/admin/"],
    because: "what apps and visitors call does not rest on the administration",
  },
  {
    from: ["dashboard/domain/"],
    to: ["dashboard/"],
    except: ["dashboard/domain/"],
    because: "domain ← ui ← editors ← features ← app",
  },
  {
    from: ["dashboard/ui/"],
    to: ["dashboard/editors/", "dashboard/features/", "dashboard/app/"],
    because: "domain ← ui ← editors ← features ← app",
  },
  {
    from: ["dashboard/editors/"],
    to: ["dashboard/features/", "dashboard/app/"],
    because: "domain ← ui ← editors ← features ← app",
  },
  {
    from: ["dashboard/features/"],
    to: ["dashboard/app/"],
    because: "domain ← ui ← editors ← features ← app",
  },
  {
    from: ["dashboard/features/"],
    to: ["dashboard/features/"],
    apart: true,
    because: "what several features need stands in domain, ui or editors; app/ puts features together",
  },
  {
    from: ["dashboard/"],
    to: ["worker/", "client/", "scripts/"],
    // What the history says of a resource; these files import nothing.
    allowed: /^worker\/admin\/[^/]+\/words\.ts$/,
    because: "the dashboard reaches the Worker through its API",
  },
  {
    from: ["client/"],
    to: ["worker/", "dashboard/", "scripts/"],
    because: "the packages in client/ are loaded by other people's pages and apps",
  },
  {
    from: ["shared/", "worker/", "dashboard/", "client/", "scripts/"],
    to: ["test/", "bench/", "demo/"],
    because: "what is deployed does not rest on what measures it",
  },
];

/**
 * Imports that break a law and stay for now. A new one fails the check; so does one of these that is no longer needed.
 *
 * @type {{ file: string, imports: string, because: string }[]}
 */
const EXCEPTIONS = [
  {
    file: "dashboard/domain/api.ts",
    imports: "worker/app.ts",
    because: "a type alone: the typed client takes its routes from the Worker's router",
  },
  {
    file: "shared/evaluation/model/compiled-snapshot.ts",
    imports: "shared/segments/segment-list.ts",
    because: "a type alone: what a long list is",
  },
  {
    file: "shared/evaluation/model/predicate.ts",
    imports: "shared/segments/segment-list.ts",
    because: "a type alone: what a long list is",
  },
];

/** Nothing that is deployed loads a test, so tests may import what they need. */
const isTest = (/** @type {string} */ file) => /\.test\.|\/testing\//.test(file);

const FOLDERS = ["shared", "worker", "dashboard", "client", "scripts"];
/** Vite's `import.meta.glob`: its pattern stands for all files that it loads. */
const GLOB = /import\.meta\.glob[^("]*\(\s*"(\.[^"]+)"/g;
const SPECIFIER = /(?:^|[\s;}])(?:from|import)\s*\(?\s*"(\.[^"]+)"/gm;

/**
 * @param {string} file as from the root
 * @param {string} text
 * @returns {string[]} the files of the project that it imports, as from the root
 */
export function importsOf(file, text) {
  return [...text.matchAll(SPECIFIER), ...text.matchAll(GLOB)].map(([, specifier = ""]) =>
    path.posix.join(path.posix.dirname(file), specifier.replace(/\?.*$/, "")),
  );
}

/**
 * @param {string} file
 * @param {string} imported
 * @returns {Law | undefined} the first law that this import breaks
 */
export function brokenLaw(file, imported) {
  const beneath = (/** @type {string} */ place, /** @type {string[] | undefined} */ folders) =>
    folders?.some((folder) => place.startsWith(folder)) ?? false;
  return LAWS.find(
    ({ from, to, except, allowed, apart }) =>
      beneath(file, from) &&
      beneath(imported, to) &&
      !beneath(imported, except) &&
      !allowed?.test(imported) &&
      !(apart && to.some((folder) => isInOneFolder(folder, file, imported))),
  );
}

/**
 * @param {string} folder
 * @param {string} file
 * @param {string} imported
 * @returns {boolean} whether both lie in the same folder of this one
 */
function isInOneFolder(folder, file, imported) {
  const [own, other] = [file, imported].map((place) => place.slice(folder.length).split("/")[0]);
  return own === other;
}

/** @returns {string[]} what is wrong with the imports of the tree, one line each */
export function checkImports() {
  const unused = new Set(EXCEPTIONS);
  const faults = [];
  for (const folder of FOLDERS)
    for (const name of readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })) {
      const file = path.posix.join(folder, name.replaceAll(path.sep, "/"));
      if (!/\.(ts|tsx|mjs)$/.test(file) || isTest(file)) continue;
      for (const imported of importsOf(file, readFileSync(path.join(root, file), "utf8"))) {
        const law = brokenLaw(file, imported);
        if (law === undefined) continue;
        const exception = EXCEPTIONS.find((one) => one.file === file && one.imports === imported);
        if (exception === undefined) faults.push(`${file} imports ${imported}: ${law.because}`);
        else unused.delete(exception);
      }
    }
  for (const { file, imports } of unused) faults.push(`${file} no longer imports ${imports}: remove the exception`);
  return faults;
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    const faults = checkImports();
    if (faults.length > 0)
      throw new Problem(`Imports break the laws of the tree (scripts/check-imports.mjs):\n  ${faults.join("\n  ")}`);
    return 0;
  });
}
