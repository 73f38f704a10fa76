import { useDependants } from "../../domain/use-dependants.ts";
import type { Place } from "../../editors/documents.ts";
import { Icon } from "../../ui/icon.tsx";

/** The other side of prerequisites: who goes off with this flag. */
export function NeededBy({ place }: { place: Place }) {
  const dependants = useDependants(place.project, place.environment, place.flag);
  if (!dependants || dependants.all.length === 0) return null;
  const { all, direct } = dependants;
  const further = all.length - direct.length;
  return (
    <p class="needed-by">
      <Icon name="link" />
      <span>
        Needed by{" "}
        {direct.map((flag, index) => (
          <span key={flag}>
            {index > 0 && ", "}
            <a href={`/p/${place.project}/flags/${encodeURIComponent(flag)}?env=${place.environment}`}>{flag}</a>
          </span>
        ))}
        {further > 0 && ` and through ${direct.length === 1 ? "it" : "them"} by ${further} more`}: off while this one is
        off or killed.
      </span>
    </p>
  );
}
