import { z } from "zod";
import { deskFigures } from "./desk.ts";
import { testView } from "./test-admin.ts";

const share = z.number();
const demand = z.object({
  seen: z.int(),
  clicked: z.int(),
  rate: share.nullable(),
  /** Holds the true share with 95 %, however often and whenever somebody looks. */
  interval: z.object({ lower: share, upper: share }),
});
const group = z.object({ name: z.string(), seen: z.int(), clicked: z.int(), rate: share });

export const demandResults = z.object({
  demand,
  withSuspicious: demand,
  suspiciousShare: share,
  pending: z.int(),
  verdict: z.enum(["nobody", "open", "wanted", "unwanted"]),
  sentence: z.string(),
  overTime: z.array(demand.extend({ day: z.string() })),
  byCountry: z.array(group),
  byDevice: z.array(group),
});

/** What a test has shown so far. Browsers are counted; those that a server key joined are one person. */
export const testResults = z
  .object({
    test: testView,
    asOf: z.string(),
    /** Pages that were seen carrying the test's markup, the latest first. */
    pages: z.array(z.object({ origin: z.string(), at: z.string() })),
    /** Of a fake door. */
    demand: demandResults.optional(),
    /** Of a fake door: events that were not stored, because the run holds as many people as it may. */
    refused: z.int().optional(),
    /** Of a Wizard of Oz. */
    desk: deskFigures.optional(),
  })
  .meta({ id: "TestResults" });
export type TestResults = z.infer<typeof testResults>;
