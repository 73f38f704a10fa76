import { computed, signal } from "@preact/signals";
import type { Segment } from "../../shared/schema/segment.ts";
import { answer, api } from "./api.ts";

export type SegmentView = Segment & { key: string; version: number; updatedAt: string };

export const segments = signal<SegmentView[]>([]);
export const segmentKeys = computed(() => segments.value.map(({ key }) => key));

export async function loadSegments(project: string): Promise<void> {
  const found = await answer(api.projects[":project"].segments.$get({ param: { project } }));
  segments.value = found.segments as unknown as SegmentView[];
}
