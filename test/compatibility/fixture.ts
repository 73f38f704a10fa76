import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";

/** The files that an earlier version of Blastdoor left behind; README.md in this folder says what they hold. */

const folder = path.join(import.meta.dirname, "fixture");
const file = (name: string) => path.join(folder, `${name}.br`);

const compressed = (bytes: Uint8Array): Buffer =>
  brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_LGWIN]: 24 } });

/** One question to a server, and its answer. */
export interface Exchange {
  method: string;
  path: string;
  /** Name of the credential in `Recorded.secrets`. */
  as: string;
  body?: unknown;
  /** Request headers beside the credential. */
  headers?: Record<string, string>;
  status: number;
  etag?: string;
  answer: unknown;
}

/** What the earlier version answered, and the secrets that it handed out. All of them are of no other use. */
export interface Recorded {
  madeAt: string;
  commit: string;
  secrets: Record<string, string>;
  /** Evaluations over OFREP in the project whose state is kept. */
  evaluations: Exchange[];
  /** The same in the project that is in the state no more, and in its backup. */
  attic: Exchange[];
  /** Documents of the administration. */
  documents: Exchange[];
  /** Rows of the audit, oldest first. */
  audit: { revision: number; hash: string; previousHash: string }[];
  /** A sealed link that shows a variant to one browser, and until when. */
  preview: { token: string; flag: string; value: unknown; expires: string };
  /** The webhook whose signing secret is among the secrets. */
  webhook: string;
}

export const NAMES = {
  recorded: "recorded.json",
  openapi: "openapi.json",
  schemas: "schemas.json",
  backup: "shop.jsonl",
  attic: "attic.jsonl",
};

export const readFixture = (name: string): string => brotliDecompressSync(readFileSync(file(name))).toString();

export function writeFixture(name: string, text: string): number {
  mkdirSync(folder, { recursive: true });
  const bytes = compressed(Buffer.from(text));
  writeFileSync(file(name), bytes);
  return bytes.length;
}

/** Of a state folder, what lasts: the objects' databases and KV. Caches, logs and locks do not. */
const LASTING = ["v3/do", "v3/kv"];

/** Packs the databases and blobs of a stopped server: a line of JSON that names them, then their bytes. */
export function packState(stateDir: string): number {
  const names = LASTING.flatMap((part) =>
    readdirSync(path.join(stateDir, part), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/-(wal|shm)$/.test(entry.name))
      .map((entry) => path.relative(stateDir, path.join(entry.parentPath, entry.name))),
  ).sort();
  for (const name of names.filter((one) => one.endsWith(".sqlite"))) {
    const database = new DatabaseSync(path.join(stateDir, name));
    database.exec("PRAGMA wal_checkpoint(TRUNCATE); VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
    database.close();
  }
  const contents = names.map((name) => readFileSync(path.join(stateDir, name)));
  const index = JSON.stringify(names.map((name, at) => [name, contents[at]?.length ?? 0]));
  const bytes = compressed(Buffer.concat([Buffer.from(`${index}\n`), ...contents]));
  mkdirSync(folder, { recursive: true });
  writeFileSync(file("state"), bytes);
  return bytes.length;
}

/** Puts the kept state into an empty folder. */
export function unpackState(stateDir: string): void {
  const bytes = brotliDecompressSync(readFileSync(file("state")));
  const end = bytes.indexOf(10);
  const index = JSON.parse(bytes.subarray(0, end).toString()) as [name: string, length: number][];
  let at = end + 1;
  for (const [name, length] of index) {
    const target = path.join(stateDir, name);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, bytes.subarray(at, at + length));
    at += length;
  }
}

/** Sends a request as it was recorded, or is to be. */
export async function ask(
  url: string,
  secrets: Record<string, string>,
  { method, path: route, as, body, headers }: Omit<Exchange, "status" | "answer">,
): Promise<Exchange> {
  const response = await fetch(url + route, {
    method,
    headers: {
      ...(secrets[as] === undefined ? {} : { Authorization: `Bearer ${secrets[as]}` }),
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const etag = response.headers.get("ETag");
  let answer: unknown = text;
  try {
    answer = text === "" ? null : JSON.parse(text);
  } catch {
    // CSV, for one.
  }
  return {
    method,
    path: route,
    as,
    ...(body === undefined ? {} : { body }),
    ...(headers === undefined ? {} : { headers }),
    status: response.status,
    ...(etag === null ? {} : { etag }),
    answer,
  };
}

/**
 * What depends on the time of asking, and nothing else: each rule names the route and the place. `*` stands for any
 * name or position.
 */
const TIMED: [route: RegExp, places: string[]][] = [
  // The token in a stream's address changes every six hours.
  [/^\/ofrep\/v1\/evaluate\/flags$/, ["eventStreams.*.endpoint.requestUri"]],
  [/\/export$/, ["exportedAt"]],
  // People of a door whose week is over are no longer pending, and the upper bound takes them in.
  [/\/results$/, ["asOf", "demand.pending", "demand.*.interval.upper"]],
  // Made at each question.
  [/\/v1\/doors\//, ["nonce"]],
  // Uses of a key are counted, these questions too.
  [/\/keys$/, ["keys.*.asked", "keys.*.askedAt", "keys.*.lastUsedAt"]],
  // Which reason to wait is named, and how long a debt has stood, are reckoned when asked.
  [/\/plans?(\?|$)/, ["run.waits", "plans.*.run.waits"]],
  // A guard goes on looking, and charts what it sees.
  [/\/guards?(\?|$)/, ["watch", "guards.*.watch"]],
];

/** What the product forgets by itself, and after how many days: from then on nothing can be compared. */
const FORGOTTEN: [route: RegExp, days: number][] = [
  [/^\/v1\/ask\//, 30],
  [/\/triggers$/, 30],
  [/\/schedules$/, 90],
  [/\/(deployments|results)$|^\/v1\/doors\//, 400],
];

/** Whether the product still keeps what a route told when it was recorded. */
export const isKept = (route: string, madeAt: string): boolean =>
  !FORGOTTEN.some(([pattern, days]) => pattern.test(route) && Date.now() - Date.parse(madeAt) > days * 86_400_000);

/** Drops what depends on the time of asking. */
export function timeless(route: string, answer: unknown): unknown {
  const copy = structuredClone(answer);
  for (const [pattern, places] of TIMED)
    if (pattern.test(route)) for (const place of places) drop(copy, place.split("."));
  return copy;
}

function drop(value: unknown, [name, ...rest]: string[]): void {
  if (typeof value !== "object" || value === null || name === undefined) return;
  const names = name === "*" ? Object.keys(value) : [name];
  for (const one of names) {
    if (rest.length > 0) drop((value as Record<string, unknown>)[one], rest);
    else delete (value as Record<string, unknown>)[one];
  }
}

/** A client key's ETag ends in the mark of its stream, which changes every six hours and with the project's secret. */
export const timelessEtag = (etag: string | undefined): string | undefined => etag?.replace(/-[^"]*"$/, '-…"');

/**
 * Where `now` lacks or contradicts something that `before` says, by path; what was added is no contradiction. Lists
 * must be of the same length and order.
 */
export function contradictions(before: unknown, now: unknown, at = ""): string[] {
  if (typeof before !== "object" || before === null)
    return Object.is(before, now) ? [] : [`${at}: was ${JSON.stringify(before)}, is ${JSON.stringify(now)}`];
  if (typeof now !== "object" || now === null || Array.isArray(before) !== Array.isArray(now))
    return [`${at}: was ${JSON.stringify(before)}, is ${JSON.stringify(now)}`];
  if (Array.isArray(before) && before.length !== (now as unknown[]).length)
    return [`${at}: had ${before.length} items, has ${(now as unknown[]).length}`];
  return Object.entries(before).flatMap(([name, value]) =>
    contradictions(value, (now as Record<string, unknown>)[name], at === "" ? name : `${at}.${name}`),
  );
}
