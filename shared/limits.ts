/** Instructions that one snapshot's regular expressions compile to: about 0.1 s, once in an isolate, each on first use. */
export const SNAPSHOT_REGEX_INSTRUCTIONS = 100_000;

/**
 * Every limit of the system, with the reason beside it. Beyond one, a request is answered 413 or 422 and told
 * which limit it met.
 */
export const LIMITS = {
  /** Bytes of an evaluation request. A context is a few hundred bytes; 64 KiB leaves room for large ones. */
  evaluationBodyBytes: 64 * 1024,
  /** Bytes of an administration request. An import of thousands of flags is the largest honest one. */
  adminBodyBytes: 8 * 1024 * 1024,
  /** Bytes of a body that is read before anyone is known: a sign-in. */
  signInBodyBytes: 4 * 1024,
  /** Nesting depth of any JSON we accept: deeper is an attack on recursive code, not a flag. */
  jsonDepth: 32,
  /** Flags in a project. 10,000 five-rule flags still fit an isolate's 128 MB. */
  flagsPerProject: 10_000,
  /** Segments in a project. Every environment that uses one carries it in its snapshot. */
  segmentsPerProject: 1_000,
  /** Environments in a project. Each is published on its own, and each has a state of every flag. */
  environmentsPerProject: 20,
  /** Layers in a project. */
  layersPerProject: 100,
  /** Holdouts in a project. A layered flag asks about each of them. */
  holdoutsPerProject: 20,
  /** Keys ride in every snapshot, so they are not free. */
  keysPerEnvironment: 100,
  /** Web origins that one client key may be used from. */
  originsPerKey: 50,
  /** Bytes of one stored document as JSON. It stands twice, before and after, in an audit row, which may have 2 MB. */
  documentBytes: 900_000,
  /** Variants of one flag. */
  variantsPerFlag: 50,
  /** Rules of one flag in one environment. Evaluation tries them in order. */
  rulesPerFlag: 100,
  /** Flags that one flag depends on directly. */
  prerequisitesPerFlag: 20,
  /** Tags of one flag. */
  tagsPerFlag: 20,
  /** Operators test against this many values at most; longer lists are segments. */
  valuesPerCondition: 1_000,
  /**
   * Values of all conditions in one environment, of rules and segments. An array in a context is tried against each: ten
   * thousand flags of five rules have room for four values a rule. Longer lists are segments.
   */
  valuesPerEnvironment: 200_000,
  /** Conditions in one rule, all levels together. */
  conditionsPerRule: 200,
  /** `all`, `any` and `not` nested in each other. */
  conditionDepth: 10,
  /** Keys listed in a segment inside the snapshot; longer lists belong in sharded storage. */
  segmentListInSnapshot: 1_000,
  /** Keys of a segment's long list: 8 MB of hashes, which an upload sorts in an isolate's 128 MB. */
  segmentListKeys: 1_000_000,
  /** Segments with a long list. Each adds up to 1.5 KB to every snapshot and 8 MB to the store. */
  segmentListsPerProject: 100,
  /** Bytes of a list's upload: a million keys of 64 characters. Cloudflare itself refuses bodies above 100 MB. */
  segmentListBytes: 64 * 1024 * 1024,
  /** Keys that one PATCH of a list adds and removes together: it touches shards in one transaction. */
  segmentListPatchKeys: 10_000,
  /** Scheduled changes that wait, in one project: the alarm looks through them. */
  schedulesPerProject: 1_000,
  /** A schedule lies at most this far ahead: beyond, clocks and laws of time zones change. */
  scheduleAheadMs: 2 * 366 * 86_400_000,
  /** Schedules that are over are shown this long; the audit keeps them for good. */
  scheduleKeepMs: 90 * 86_400_000,
  /** Stages of a release plan. Each divides the alpha that the plan may spend. */
  stagesPerPlan: 20,
  /** Each adds to the work of every check, and takes its part of the plan's alpha. */
  guardsPerStage: 10,
  /**
   * Distinct flags that guards stop in one environment within the window; beyond, a person approves each. Several
   * releases failing at once are more likely broken telemetry, or an outage, than several bad releases.
   */
  automaticKills: 5,
  /** The window in which `automaticKills` counts. */
  automaticKillWindowMs: 3_600_000,
  /** A stage lasts at most this long by itself (s), 90 days: beyond, nobody remembers it. */
  planStageSeconds: 90 * 86_400,
  /** Steps of a run that are shown; the audit keeps them all. */
  planStepsKept: 100,
  /** Plan templates in a project. */
  planTemplatesPerProject: 100,
  /** Every automatic step of a plan looks through them. */
  freezesPerEnvironment: 100,
  /** What is to be done after incidents, done or not: every resilience review reads them. */
  followUpsPerEnvironment: 1_000,
  followUpChars: 300,
  /** Two are in force while one is rotated; a few more serve several servers. */
  signingKeysPerEnvironment: 10,
  /** Attributes that one client key accepts only when they are signed. */
  signedAttributesPerKey: 50,
  /** Characters of an attribute name. */
  attributeNameChars: 200,
  /** Characters of a signed context. Each is checked with an HMAC before anything of it is believed. */
  signedContextChars: 8_192,
  /** A signed context is good for this long (s) at most: a page asks its server for a new one. */
  signedContextSeconds: 31 * 86_400,
  /** Characters of one variant's JSON. KV values and edge memory pay for each. */
  variantJsonChars: 64 * 1024,
  /** Characters of a string we compare or of a regular expression. */
  conditionValueChars: 1_024,
  /** Characters of one regular expression. */
  regexChars: 256,
  /**
   * Instructions of one compiled regular expression, as regexCost reads them from its text: about 1 ms of compiling,
   * and alone in its environment it may read the longest text that is matched. Mail addresses, hosts and user agents
   * take 20 to 300; `(?:(?:.?){1,30}){1,30}` takes 1,800.
   */
  regexInstructions: 1_000,
  /** Of one flag's regular expressions over all environments, or of one segment's; equal ones count once. Some hundred usual ones. */
  regexInstructionsPerFlag: 20_000,
  /** Instructions of all regular expressions of one environment: about 0.1 s of compiling in each isolate. */
  regexInstructionsPerEnvironment: SNAPSHOT_REGEX_INSTRUCTIONS,
  /** Characters of a description. */
  descriptionChars: 4_000,
  /** Characters of what a fake door says to a visitor: it must fit beside a button. */
  testWordsChars: 300,
  /** Believed browsers of one run of a fake door. A test ends by itself at a million people at most. */
  doorPeoplePerRun: 1_100_000,
  /** Doubtful browsers of one run that are stored. They decide nothing, and anybody can make them up. */
  doorDoubtfulPerRun: 50_000,
  /** Pages that one test learns of in an hour. A product has few; anybody can claim any address. */
  doorPagesPerHour: 10,
  /** Characters of the address of a page that a door is learned from. */
  doorOriginChars: 300,
  /** Characters of JSON that a product asks a person, and that the person answers. */
  deskInputChars: 16 * 1024,
  /** Characters of JSON that a person answers on the desk. */
  deskAnswerChars: 64 * 1024,
  /** Requests that wait in one environment: beyond, people cannot answer in time and the fallback comes at once. */
  deskWaiting: 1_000,
  /** Of them those of client keys, which are public: the rest of the room is for server keys alone. */
  deskWaitingOfClients: 800,
  /** Requests of one key that wait, so that one key cannot take the desk from the others. */
  deskWaitingPerKey: 400,
  /** Requests of one network that wait, for client keys: few people of one office ask at the same time. */
  deskWaitingPerNetwork: 20,
  /** Requests that wait for one person of the product at a time. */
  deskWaitingPerUnit: 5,
  /** Answered requests that are kept besides their 30 days: they are a team's work. */
  deskAnsweredKept: 10_000,
  /** Requests that ended in the fallback and are kept besides their 30 days. */
  deskFallbacksKept: 2_000,
  /** Characters of the comment on a change. */
  commentChars: 1_000,
  /** Characters of a display name. */
  nameChars: 100,
  /**
   * Bytes of a snapshot, refused when something is saved that makes it larger: ten thousand flags of five rules, which an
   * isolate holds while it changes (`worker/evaluation/edge/memory-budget.ts`). What is larger already goes on.
   */
  snapshotBytes: 10 * 1024 * 1024,
  /**
   * Bytes that one environment takes in an edge's memory, by the estimate of `shared/blocks/weight.ts`: what all
   * snapshots of an isolate may take. Lists of short values, patterns and number tests weigh many times their text.
   */
  snapshotWeight: 70 * 1024 * 1024,
  /** Characters of a bearer token that we are willing to hash. Ours are shorter than 200. */
  tokenChars: 256,
  /** Distinct bearer tokens remembered per isolate and snapshot. */
  tokensRemembered: 1_000,
  /** Secret URLs in one environment; each is a document that nobody but its calls reads. */
  triggersPerEnvironment: 500,
  /** Calls of one trigger in a minute, firing ones and others counted apart: tools repeat themselves, storms do too. */
  triggerCallsPerMinute: 30,
  /** A firing call that was sent longer ago (ms), 1 h, is about a state of things that has passed. */
  triggerStaleMs: 3_600_000,
  /** An outbreak is known again this long, after its last call. */
  triggerEpisodeKeepMs: 30 * 86_400_000,
  /** Calls kept and shown of each trigger. */
  triggerCallsKept: 200,
  /** Bytes of a trigger's call. Alertmanager sends a whole group of alerts, a kilobyte each. */
  triggerBodyBytes: 1024 * 1024,
  /** Webhooks of a project: each event may become as many requests. */
  webhooksPerProject: 20,
  /** Deliveries of a webhook that are kept, received and given-up ones apart. */
  deliveriesPerWebhook: 1_000,
  /** Received deliveries are shown this long. */
  deliveredKeepMs: 7 * 86_400_000,
  /** What was given up can be sent again for this long. */
  deadLetterKeepMs: 30 * 86_400_000,
  /** Deliveries of a webhook in one answer. */
  deliveriesShown: 100,
  /** Deployments and what happened to flags are kept this long: a year to compare with. */
  deploymentKeepMs: 400 * 86_400_000,
  /** CI's clock may be ahead of ours by this much (ms). */
  deploymentSkewMs: 10 * 60_000,
  /** Deployments in one answer. */
  deploymentsShown: 200,
  /** Access tokens of the installation. */
  tokens: 1_000,
  /** Open sessions of one token, or of the admin token; beyond, the one longest unused ends. */
  sessionsPerToken: 100,
  /** Unused sign-in links of one token; beyond, the oldest is void. */
  signInLinksPerToken: 100,
  /** Links made in a session that was opened by a link, and so on: each use of the last one looks at all before it. */
  signInLinkDepth: 10,
  /** Failed sign-ins that one network may make at once, and then each second; beyond, they are answered 429. */
  failuresAtOnce: 60,
  /** Failed sign-ins that one network may make each second after `failuresAtOnce`. */
  failuresPerSecond: 1,
  /** Networks whose failures an isolate counts at a time. */
  failingNetworks: 2_000,
  /** Questions about unknown secrets that an isolate asks at once, and then each second, from all networks together. */
  secretLookUpsAtOnce: 300,
  /** Questions about unknown secrets each second after `secretLookUpsAtOnce`. */
  secretLookUpsPerSecond: 20,
  /** Secrets, by hash, that an isolate remembers to be good, and as many that it remembers to be none. */
  secretsRemembered: 2_000,
  /** Counts that one report of failures holds. */
  failuresPerReport: 100,
  /** The least time between two reports of failures by one isolate. */
  failureReportMs: 60_000,
  /** Networks whose failures are kept by name. */
  failureRows: 500,
  /** Failures of a network are kept this long. */
  failuresKeepMs: 30 * 86_400_000,
  /** Rows of the security log; the hash of the last dropped one is kept. */
  securityLogRows: 100_000,
  /** Rows of the security log are kept this long. */
  securityLogKeepMs: 400 * 86_400_000,
  /** Rows of the security log in one answer. */
  securityLogPageRows: 200,
  /** What anybody can repeat at will has so many rows for one person and minute; the rest is counted in one row. */
  securityRowsPerMinute: 20,
  /** The span that one counting row of the security log covers. */
  securityCountMs: 60_000,
  /** Projects of the installation. */
  projects: 1_000,
  /** Rows of the audit log in one answer. */
  auditPageRows: 200,
  /** Idempotency records are kept this long (ms): retries come within minutes. */
  idempotencyKeepMs: 24 * 3_600_000,
  /** Characters of an `Idempotency-Key`. */
  idempotencyKeyChars: 100,
} as const;

/**
 * What a key may ask of the routes that store (doors, questions, pages), in each isolate, whatever limit it has itself.
 * One object counts all people of a test, and stores several hundred events a second.
 */
export const STORING_PER_KEY = { perSecond: 500, burst: 2_000 } as const;

/**
 * The same for one network (/24, /48) of a client key. A visitor makes about three requests for a page with a door; an
 * office or a school of hundreds stays below.
 */
export const STORING_PER_NETWORK = { perSecond: 20, burst: 200 } as const;

/** What is read of another vendor's file. */
export const IMPORT_LIMITS = {
  /** Bytes: ten thousand flags of a few kilobytes. Its text, its objects and their translation share an isolate's 128 MB. */
  bytes: 16 * 1024 * 1024,
  /** Its parser takes some fifty times the memory of the text. */
  yamlChars: 1024 * 1024,
  /** JsonLogic takes two levels for each operator; ours nest ten deep. */
  depth: 100,
} as const;

/** A split divides this many parts: one part is 0.001 %. */
export const SPLIT_TOTAL = 100_000;

/**
 * Flags depending on flags, and segments on segments, at most this deep. Evaluation recurses once per level, so an
 * unbounded chain could exhaust the stack; a deeper one is treated as a cycle is.
 */
export const DEPENDENCY_DEPTH = 32;

/**
 * Hashes in one shard of a list, at most and about: 64 KiB. A smaller one is read faster, a larger one means fewer
 * KV writes; it takes 128 shards to hold a million keys.
 */
export const LIST_SHARD_KEYS = 8_192;

/** Characters of an attribute that a regular expression reads: linear time is still time. Longer is unknown. */
export const MATCHED_TEXT_CHARS = 1_024;

/**
 * Steps that one evaluation, single or bulk, may spend on searching in texts: about 5 ms. They are counted, so that an
 * answer never depends on how fast a machine is; `npm run bench:regex` measures what one takes.
 */
export const SEARCH_STEPS = 2 ** 20;

/**
 * Elements of an array attribute that a condition looks at; a longer one is unknown. As many as a condition has
 * values. A body of 64 KiB has room for 16,000, and each kind of test reads them all once.
 */
export const MATCHED_ELEMENTS = 1_000;

/** Elements times values of one condition that is tried value by value, such as a list of networks; beyond is unknown. */
export const ELEMENT_VALUES = 100_000;

/** The snapshot format this code reads. A snapshot that states a higher `minReader` is kept out. */
export const READER_VERSION = 2;
/** What reading a snapshot takes that is published whole. */
export const WHOLE_READER = 1;
/** What reading a manifest with blocks takes. */
export const BLOCKS_READER = 2;
