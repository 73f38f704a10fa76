import { runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { bucket } from "../shared/evaluation/bucketing/bucket.ts";
import { sipHash, sipKey } from "../shared/hashing/sip-hash.ts";
import { storedKeyName, storedSlug } from "../shared/schema/names.ts";
import { openNonce } from "./crypto/exposure-nonce.ts";
import { openAesGcm } from "./crypto/former/aes-gcm.ts";
import { openSiv } from "./crypto/former/siv.ts";
import { derivedKey, keyedHash } from "./crypto/keyed-hash.ts";
import { openPreviews } from "./crypto/preview-token.ts";
import { sha256 } from "./crypto/sha256.ts";
import { openStreamToken } from "./crypto/stream-token.ts";
import { isSynthetic, signSynthetic, syntheticKey } from "./crypto/synthetic.ts";
import type { Env } from "./env.ts";
import * as worker from "./index.ts";
import { breakGlassKillKey, readBreakGlass } from "./kv/break-glass.ts";
import { listShardKey } from "./kv/list-shards.ts";
import { blockKey, snapshotKey } from "./kv/snapshot-store.ts";
import { COURIER_MIGRATIONS } from "./objects/courier/migrations.ts";
import { DESK_MIGRATIONS } from "./objects/desk/migrations.ts";
import { DIRECTORY_MIGRATIONS } from "./objects/directory/migrations.ts";
import { FLAG_STORE_MIGRATIONS } from "./objects/flag-store/migrations.ts";
import { StoreMeta } from "./objects/flag-store/store-meta.ts";
import { GUARD_MIGRATIONS } from "./objects/guard/migrations.ts";
import type { Migration } from "./objects/kernel/migrations.ts";
import { PROPAGATION_REPORTS_MIGRATIONS } from "./objects/propagation-reports/migrations.ts";
import {
  courier,
  desk,
  directory,
  flagStore,
  guard,
  probe,
  propagationReports,
  relay,
  telemetryShard,
  testLedger,
} from "./objects/stubs.ts";
import { TELEMETRY_MIGRATIONS } from "./objects/telemetry-shard/migrations.ts";
import { clientShard, UnitHasher } from "./objects/telemetry-shard/unit-hash.ts";
import { TEST_LEDGER_MIGRATIONS } from "./objects/test-ledger/migrations.ts";
import { env } from "./testing/bindings.ts";
import { PRODUCTION } from "./testing/names.ts";

const SHOP = storedSlug("shop");
const DOOR = storedKeyName("door");
const VIP = storedKeyName("vip");

// Names and numbers under which things are stored, and by which older edges call newer stores: they are written out here
// as they stood at 0bea63b. More may come; what stands here stays. test/compatibility holds the documents themselves.

/** By binding: the class, and the methods that an edge may call. */
const OBJECTS = {
  FLAG_STORE: {
    className: "FlagStore",
    methods:
      "execute getProject listFlags getFlag getState getDefinition listDefinitions getList beginList addToList listShard listEnvironments listSchedules getGuard listGuards getPlan listPlans listPlanTemplates listFreezes listSigningKeys signingSecret listTests getTest syntheticKey listKeys listTriggers listDeployments dora drill drillsDue budget debt listWebhooks webhookSecret callTrigger audit searchAudit exportProject pointer snapshot draft propagation noteUsage metrics usage backupPage restorePart auditPage searchAuditPage hasPredecessor listDocuments getDocument block keysInForce confirmServed resilience incident",
  },
  DIRECTORY: {
    className: "Directory",
    methods:
      "registerProject forgetProject listProjects createToken listTokens revokeToken principalOfToken createSignInCode signIn principalOfSession signOut signOutEverywhere listSessions endSession endSessions secretHashes noteFailures listFailures rotateToken setTokenExpiry setTokenRole recordActs securityPage checkSecurityLog securityDelivery setSecurityDelivery removeSecurityDelivery",
  },
  TELEMETRY_SHARD: { className: "TelemetryShard", methods: "ingest totals daily forgetUnit clear stats" },
  GUARD: { className: "Guard", methods: "watch status statuses states approve moved" },
  DESK: { className: "Desk", methods: "ask wait live claim release answer figures" },
  TEST_LEDGER: {
    className: "TestLedger",
    methods: "door record recordAll sighted pages cells forget clear backupPage restorePart",
  },
  COURIER: { className: "Courier", methods: "take counts deliveries again test" },
  PROBE: { className: "Probe", methods: "look" },
  RELAY: { className: "Relay", methods: "pointer take" },
  PROPAGATION_REPORTS: { className: "PropagationReports", methods: "take figures" },
} as const;
const exported = new Map(Object.entries(worker) as [string, never][]);
type Binding = keyof typeof OBJECTS;
const bindings = Object.keys(OBJECTS) as Binding[];

test("other Workers bind the entrypoint by its name", () => {
  expect(exported.get("Flags")).toBeTypeOf("function");
});

describe("Durable Objects", () => {
  test("the Worker exports the classes that are deployed, under the bindings that it had", () => {
    expect([...exported.keys()]).toEqual(
      expect.arrayContaining(Object.values(OBJECTS).map(({ className }) => className)),
    );
    for (const binding of bindings) expect(env[binding], binding).toBeDefined();
  });

  test.each(bindings)("%s is the class it was, and takes every method that it took", async (binding) => {
    const { className, methods } = OBJECTS[binding];
    const namespace = env[binding];
    await runInDurableObject(namespace.get(namespace.idFromName("frozen-names")), (instance: DurableObject) => {
      expect(instance).toBeInstanceOf(exported.get(className));
      const callable = (instance as unknown as { methods: ReadonlySet<string> }).methods;
      expect([...callable]).toEqual(expect.arrayContaining(methods.split(" ")));
      for (const method of callable) expect(typeof (instance as never)[method], method).toBe("function");
    });
  });

  test("each is found under the name it was given", () => {
    const named: string[] = [];
    const namespace = { idFromName: (name: string) => named.push(name), get: () => ({}) };
    const all = Object.fromEntries(bindings.map((binding) => [binding, namespace])) as unknown as Env;
    flagStore(all, SHOP);
    courier(all, SHOP);
    directory(all);
    telemetryShard(all, SHOP, PRODUCTION, 3);
    telemetryShard(all, SHOP, PRODUCTION, clientShard(3));
    desk(all, SHOP, PRODUCTION);
    testLedger(all, SHOP, PRODUCTION, DOOR);
    guard(all, SHOP, PRODUCTION);
    probe(all, "weur");
    relay(all, SHOP, "weur");
    propagationReports(all, SHOP);
    expect(named).toEqual([
      "shop",
      "shop",
      "directory",
      "shop/production/3",
      "shop/production/7",
      "shop/production",
      "shop/production/door",
      "shop/production",
      "weur",
      "weur/shop",
      "shop",
    ]);
  });
});

/** By object: each migration with the first digits of the SHA-256 of its SQL, white space aside. */
const MIGRATIONS: Record<string, Record<string, string>> = {
  FlagStore: {
    "0001-documents": "dfc69ad71c54cbc2",
    "0002-propagation": "346e0e67b1a4de71",
    "0003-restore": "6859d4e17c210aca",
    "0004-segment-lists": "be2918c444fae3ac",
    "0005-centres": "65e24bee4d8b31d1",
    "0006-usage": "e99cac9b4c777a60",
    "0007-triggers": "b99392e996b44b99",
    "0008-notices": "d12d04ae02558f54",
    "0009-usage-counters": "c661bacca51eead2",
    "0010-delivery-events": "947c4245117f2be5",
    "0011-audit-more": "e9dd1fece08884ba",
    "0012-ledger-owed": "3ac14cec49995f18",
    "0013-taken-back": "f933725fc4a829f0",
    "0014-blocks": "347c00844b15eb76",
    "0015-weights": "32df6f3c84083be8",
  },
  Directory: { "0001-directory": "59d70d97463d9ea2" },
  TestLedger: { "0001-people": "41f862f94c0cd66a", "0002-restored": "1d558a85d6a80e14" },
  Desk: { "0001-requests": "3588127877add21c" },
  Guard: { "0001-guard": "8b3e2bffa086f089" },
  TelemetryShard: {
    "0001-telemetry": "6a99633a762182c4",
    "0002-traffic": "5bac75a09612af0d",
    "0003-unit-rows": "e381508347a8aa58",
  },
  Courier: { "0001-deliveries": "52025626c84994e5" },
  PropagationReports: { "0001-reports": "828ddd90ceabd167" },
};

test.each<[object: string, now: readonly Migration[]]>([
  ["FlagStore", FLAG_STORE_MIGRATIONS],
  ["Directory", DIRECTORY_MIGRATIONS],
  ["TestLedger", TEST_LEDGER_MIGRATIONS],
  ["Desk", DESK_MIGRATIONS],
  ["Guard", GUARD_MIGRATIONS],
  ["TelemetryShard", TELEMETRY_MIGRATIONS],
  ["Courier", COURIER_MIGRATIONS],
  ["PropagationReports", PROPAGATION_REPORTS_MIGRATIONS],
])("the tables of %s were made by these migrations, in this order, and later ones follow them", (object, now) => {
  const before = Object.entries(MIGRATIONS[object] ?? {});
  const digest = (sql: string) => sha256(sql.replace(/\s+/g, " ").trim()).slice(0, 16);
  expect(now.slice(0, before.length).map(({ name, sql }) => [name, digest(sql)])).toEqual(before);
});

test("values lie in KV under the keys they had", async () => {
  expect(snapshotKey(SHOP, PRODUCTION, 7, "abc")).toBe("snapshots/shop/production/7-abc");
  expect(blockKey(SHOP, PRODUCTION, "abc")).toBe("blocks/shop/production/abc");
  expect(listShardKey(SHOP, VIP, "1-2", 3)).toBe("lists/shop/vip/1-2/3");
  const asked: string[] = [];
  const get = async (key: string) => {
    asked.push(key);
    return null;
  };
  const kv = { get } as unknown as KVNamespace;
  await readBreakGlass(kv, SHOP);
  expect(asked).toEqual(["break-glass/shop"]);
  expect(breakGlassKillKey(SHOP, "bg_1")).toBe("break-glass/shop/bg_1");
});

/** A project's own secret, and an instant. What follows was made with them at 0bea63b. */
const SECRET = "5eed".repeat(16);
const NOW = Date.parse("2026-11-30T12:00:00Z");

describe("what is derived from a project's secret", () => {
  const meta = new StoreMeta({ exec: () => [{ value: SECRET }] } as unknown as SqlStorage);

  test("keys for one use, and hashes under them", () => {
    expect(derivedKey(SECRET, "use")).toBe("ea9ba44c5bf5bfbaf3093cc0595c365aa6e8d58fa865bdc1dd2fc6f6f8e7e08e");
    expect(keyedHash(SECRET, "door/unit", "u1")).toBe(
      "6ce3695daf705d02cfea20edc52cbe748326e7e05e3a71cbf3049058b873fb9f",
    );
  });

  test("the hash key of a long list, a webhook's address, and what signs its messages", async () => {
    expect(meta.listKey("salt")).toBe("42f3ce31e012cfa937233f12ca4d55ef");
    const address = "EJITT0aMSwUzArnKQSg23FYWHs1R81p_mvcRMe3RaHfLtnkcAVgHhQDHb1GX0vn8a3Z14SfDNZlN2_tX1trfa0_RgueNdKo";
    expect(await meta.openWebhookUrl(address)).toBe("https://hooks.example/services/T0/secret?ü");
    expect(meta.webhookSecret("salt")).toBe("whsec_LmzkpveqhLb30S9GwUqVTFswgzRTR2+0ecAYjB3wHGc=");
  });

  test("people and events as telemetry knows them, with the shard that holds them", () => {
    const hasher = new UnitHasher(SECRET);
    expect(hasher.unit("targetingKey", "u1")).toEqual({
      hash: "SLilu05PAQT3",
      shard: 0,
      rank: 0.8648780744988471,
    });
    expect(hasher.id("event-1")).toBe("xNrpI25vJoX3");
  });

  test("the signature of synthetic traffic", () => {
    expect(syntheticKey(SECRET, "production")).toBe("fc29770e94c3082e83534d64f612c6d55bcfa0dee21d7c8e80968ba1ac42a116");
    const header = "t=1796040000000,v1=45369e33c4fbb2274cf950a3f65185abcf6c9ec35b96785c4981543ea385d7c0";
    expect(signSynthetic(syntheticKey(SECRET, "production"), NOW)).toBe(header);
    expect(isSynthetic(header, SECRET, "production", NOW)).toBe(true);
  });

  test("a door's nonce opens", () => {
    const nonce = "1796040000000.3c584abe4ed845e9.6fdcef2b9a75243ab3da4fc295326d6b.on.1";
    expect(openNonce(SECRET, { flag: "door", run: 2, unit: "u" }, nonce, NOW)).toEqual({
      madeAt: NOW,
      variant: "on.1",
    });
  });

  test("sealed texts, preview links and stream tokens open", async () => {
    const shop = { project: "shop", environment: "production", sealKey: SECRET };
    expect(await openAesGcm(SECRET, "CeCz7XLYHkROrIecoix2rxCxjmTSHglGiUuvcAa_KOynT-4XT15Z3BrdUQ")).toBe("Grüße, 世界");
    expect(openSiv(SECRET, "Z_mBpybHp6ZPnRDlaTQZScvjj-O1owjI1YXNoz1A0A")).toBe("Grüße, 世界");
    const blastdoorPreview =
      "iP78KxJ9WRsiPgmpxXomW9q0JzfWQf8lFPFK9vE6XW7P5UF5QM_-J6LuPYR3emT1MqQ4pPBspadm99yVkAWVSQOHLGWWQCpwsNVR7hvS1JjA3AkiOC2Ric-rvEW_T2qD3V8EPXngONKHwdwarM-Q4nc";
    expect(await openPreviews(shop, { blastdoorPreview })).toEqual([
      { environment: "production", flag: "checkout", variant: "on", expires: 9_999_999_999_999 },
    ]);
    const token =
      "63fDuSxRkmFmkyN9aILBEzXYnuTOaXIvuZNdoEvvM8yRnO5REqsdbjDS3v8YXef51QIVJQFlNICekFBnsyQl4Fw1MNaj7jDyPXVzY9oelaM3RXHfyaymHzP9woIpxmvfJmNj8Gr2G__j7uB1e-Hxmv013A";
    expect(openStreamToken(shop, token, NOW)).toEqual({
      keyId: "key_1",
      context: { targetingKey: "u1", city: "Köln" },
      etag: "e",
    });
  });
});

test("buckets and SipHash are what they were: nobody moves", () => {
  expect([bucket("seed", "u1"), bucket("Ünïcode", "世界")]).toEqual([17732, 52366]);
  expect(sipHash(sipKey("000102030405060708090a0b0c0d0e0f"), "text")).toEqual({ high: 2057757962, low: 2796294207 });
});
