import type { ScheduleView } from "../../../shared/schema/schedule.ts";
import type { ProjectView, Row } from "../../objects/flag-store/entities.ts";
import { iso } from "../../objects/flag-store/stamps.ts";

export function scheduleView(row: Row<"schedule">): ScheduleView {
  const { by, acknowledgeExposure: _, acknowledgedFlags: __, rights: ___, seen: ____, left: _____, ...body } = row.body;
  const { key: id, environment, version } = row;
  return { id, environment, ...body, by: by.name, createdAt: iso(row.createdAt), version };
}

/** Schedules of an environment, or of one flag in it, by their time. */
export function scheduleViews(view: ProjectView, environment: string, flag?: string): ScheduleView[] {
  const rows =
    flag === undefined ? view.list("schedule", environment) : view.mentioning("schedule", `"flag":"${flag}"`);
  return rows
    .filter((row) => row.environment === environment && (flag === undefined || row.body.flag === flag))
    .map(scheduleView)
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

export function scheduleViewOf(view: ProjectView, environment: string, id: string): ScheduleView | null {
  const row = view.get("schedule", environment, id);
  return row && scheduleView(row);
}
