import { type GuardPlace, useGuard } from "../../domain/guard-store.ts";
import type { SectionProps } from "../../domain/section-props.ts";
import { MetricTile } from "./metric-tile.tsx";

/** What guards see of the release under way: a tile per metric. */
export function GuardTiles({ project, environment, flag }: SectionProps) {
  const place: GuardPlace = { project, environment: environment.key, flag: flag.key };
  const summary = flag.environments[environment.key];
  const watched = useGuard(place, `${summary?.version} ${summary?.kills.length}`);
  if (!watched) return null;
  const { watch, marks } = watched;
  return (
    <>
      {watch.tiles.map((tile) => (
        <MetricTile
          key={`${tile.arm} ${tile.metric} ${tile.kind}`}
          tile={tile}
          points={watch.history[`${tile.arm}/${tile.metric}`] ?? []}
          marks={marks}
          active={watch.active}
        />
      ))}
    </>
  );
}
