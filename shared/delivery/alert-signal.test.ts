import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { signal } from "../schema/trigger.ts";
import alertmanager from "./alert-samples/alertmanager.json" with { type: "json" };
import datadog from "./alert-samples/datadog.json" with { type: "json" };
import datadogCustom from "./alert-samples/datadog-custom.json" with { type: "json" };
import grafana from "./alert-samples/grafana.json" with { type: "json" };
import pagerduty from "./alert-samples/pagerduty.json" with { type: "json" };
import { recognise } from "./alert-signal.ts";

const ms = (instant: string) => Date.parse(instant);
const resolved = (payload: { alerts: object[] }) => ({
  ...payload,
  status: "resolved",
  alerts: payload.alerts.map((alert) => ({ ...alert, status: "resolved" })),
});
const event = (event_type: string, over: object = {}) => ({ event: { ...pagerduty.event, event_type, ...over } });

describe("a firing alert", () => {
  test("of Alertmanager names its outbreak by fingerprint and start; resolved ones of the group do not count", () => {
    expect(recognise(alertmanager)).toEqual({
      kind: "firing",
      source: "alertmanager",
      summary: "CheckoutErrors",
      episodes: ["alertmanager/948c667b1fc76492/2026-11-25T09:51:03.157Z"],
      onset: ms("2026-11-25T09:51:03.157Z"),
      sentAt: null,
    });
  });

  test("of Grafana counts each alert, and the trouble from the earliest", () => {
    expect(recognise(grafana)).toMatchObject({
      kind: "firing",
      source: "grafana",
      summary: "[FIRING:2] (blue)",
      episodes: [
        "grafana/c6eadffa33fcdf37/2021-10-12T09:51:03.157076+02:00",
        "grafana/bc97ff14869b13e3/2021-10-12T09:56:03.157076+02:00",
      ],
      onset: ms("2021-10-12T07:51:03.157Z"),
    });
  });

  test("of Datadog is told by its title in the default payload, by its transition in ours", () => {
    const sentAt = 1_406_662_672_000;
    const common = { kind: "firing", source: "datadog", onset: sentAt, sentAt };
    expect(recognise(datadog)).toMatchObject({ ...common, episodes: ["datadog/event/1234567"] });
    const cycle = ["datadog/cycle/9bd4ac313a4d1e8fae2482df7b77628"];
    expect(recognise(datadogCustom)).toMatchObject({ ...common, episodes: cycle });
    expect(recognise({ ...datadogCustom, alert_transition: "Re-Triggered", id: "7" })).toMatchObject({
      episodes: cycle,
    });
  });

  test("of PagerDuty is an incident triggered or reopened, the latter an outbreak of its own", () => {
    expect(recognise(pagerduty)).toMatchObject({
      kind: "firing",
      source: "pagerduty",
      summary: "A little bump in the road (incident.triggered)",
      episodes: ["pagerduty/PGR0VU2/"],
      onset: ms("2020-04-09T15:16:27Z"),
      sentAt: ms("2020-10-02T18:45:22.169Z"),
    });
    expect(recognise(event("incident.reopened", { id: "E2" }))).toMatchObject({ episodes: ["pagerduty/PGR0VU2/E2"] });
  });

  test("may be a plain call: nothing at all, or our own few fields", () => {
    const bare = { kind: "firing", source: "plain", episodes: [], onset: null, sentAt: null };
    expect(recognise(undefined)).toMatchObject(bare);
    expect(recognise({})).toMatchObject(bare);
    const full = { id: "a1", comment: "errors", startedAt: "2026-11-25T12:00:00Z", sentAt: 1_764_072_060_000 };
    expect(recognise(full)).toEqual({
      kind: "firing",
      source: "plain",
      summary: "errors",
      episodes: ["plain/a1"],
      onset: ms("2026-11-25T12:00:00Z"),
      sentAt: 1_764_072_060_000,
    });
  });
});

describe("nothing else fires", () => {
  test.each<[string, unknown]>([
    ["Alertmanager, all resolved", resolved(alertmanager)],
    ["Grafana, all resolved", resolved(grafana)],
    ["a group without alerts", { ...alertmanager, alerts: [] }],
    ["Datadog, recovered by title", { ...datadog, title: "[Recovered on {host:ip-012345}] Host is Down" }],
    ...["Recovered", "Warn", "No Data", "Re-No Data", "Re-Warn", "Null"].map(
      (transition) =>
        [`Datadog, ${transition}`, { ...datadogCustom, alert_transition: transition }] as [string, unknown],
    ),
    ["Datadog, whose variable was not filled in", { ...datadog, title: "x", alert_transition: "$ALERT_TRANSITION" }],
    ...["acknowledged", "resolved", "unacknowledged", "annotated", "priority_updated"].map(
      (type) => [`PagerDuty, ${type}`, event(`incident.${type}`)] as [string, unknown],
    ),
    ["PagerDuty, a service", event("service.updated")],
    ["a plain call that says resolved", { status: "resolved" }],
  ])("%s", (_what, payload) => {
    expect(recognise(payload).kind).toBe("not-firing");
  });

  test.each<[string, unknown]>([
    [
      "Grafana's test of a contact point",
      { ...grafana, alerts: [{ status: "firing", labels: { alertname: "TestAlert" } }] },
    ],
    ["PagerDuty's ping", event("pagey.ping")],
    ["Datadog's test of a monitor", { ...datadog, title: "[TEST] [Triggered] Host is Down" }],
    ["a plain test", { status: "test" }],
  ])("%s is a test", (_what, payload) => {
    expect(recognise(payload).kind).toBe("test");
  });

  test.each([
    [[]],
    [null],
    ["firing"],
    [{ status: "on fire" }],
    [{ text: "CheckoutErrors is firing" }],
    [{ status: "firing", surprise: 1 }],
    [{ sentAt: "yesterday" }],
  ])("%j is not recognised", (payload) => {
    expect(recognise(payload).kind).toBe("unrecognised");
  });

  test("whatever JSON comes, the answer is a signal", () => {
    const samples = [alertmanager, grafana, datadog, datadogCustom, pagerduty] as Record<string, unknown>[];
    const spoilt = fc
      .tuple(fc.constantFrom(...samples), fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue())
      .map(([sample, more, value]) => {
        const fields = Object.keys(sample);
        const spoiltField = fields[JSON.stringify(value).length % fields.length] ?? "";
        return { ...sample, ...more, [spoiltField]: value };
      });
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), spoilt), (body) => {
        expect(signal.safeParse(recognise(body)).success).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
