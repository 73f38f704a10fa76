import { useRef } from "preact/hooks";
import type { Environment, FlagView } from "../../domain/api.ts";
import { environment, isProduction, project } from "../../domain/project.ts";
import { mayChange } from "../../domain/session.ts";
import { useKeys } from "../../ui/keys.ts";
import { useNarrow } from "../../ui/use-narrow.ts";
import { rootSize, VirtualRows } from "../../ui/virtual-rows.tsx";
import { FlagRow, type RowActions } from "./flag-row.tsx";
import { mayTick, selection, tick, tickAll } from "./selection.ts";

/** In rem, as in the style sheet. */
const ROW = { wide: 4, narrow: 8.5 };
/** Columns that fit beside a flag's name; of more environments, the chosen one is always among them. */
const COLUMNS = 4;

interface FlagTableProps {
  flags: readonly FlagView[];
  total: number;
  hrefOf: (flag: FlagView) => string;
  actions: RowActions;
}

export function FlagTable({ flags, total, hrefOf, actions }: FlagTableProps) {
  const box = useRef<HTMLTableSectionElement>(null);
  const narrow = useNarrow();
  const height = narrow ? ROW.narrow : ROW.wide;
  const columns = visible(narrow);
  useRowKeys(flags, box, height, columns, actions);
  const ticked = selection.value.size;
  const changeable = () => flags.filter(mayTick).map(({ key }) => key);
  return (
    <table
      class="flag-table"
      aria-label="Flags"
      aria-rowcount={total + 1}
      style={{ "--columns": columns.length, "--row": `${height}rem` }}
    >
      <thead>
        <tr class="flag-row flag-heads" aria-rowindex={1}>
          <th scope="col" class="flag-tick">
            {flags.some(mayTick) && (
              <input
                type="checkbox"
                aria-label="Tick all that are shown"
                checked={ticked > 0 && ticked === flags.length}
                ref={(box) => {
                  if (box) box.indeterminate = ticked > 0 && ticked < flags.length;
                }}
                onChange={(event) => tickAll(changeable(), event.currentTarget.checked)}
              />
            )}
          </th>
          <th scope="col">Flag</th>
          <th scope="col" class="flag-about">
            Purpose and owner
          </th>
          <th scope="col" class="flag-asked" title={`When apps in ${environment.value?.name} last asked for it`}>
            Asked for
          </th>
          {columns.map((one) => (
            <th key={one.key} scope="col" class={isProduction(one) ? "is-production" : ""}>
              {one.name}
            </th>
          ))}
          <th scope="col">
            <span class="unseen">Kill</span>
          </th>
        </tr>
      </thead>
      <VirtualRows
        items={flags}
        height={height}
        box={box}
        row={(flag, index) => (
          <FlagRow
            key={flag.key}
            flag={flag}
            index={index}
            href={hrefOf(flag)}
            environments={columns}
            actions={actions}
          />
        )}
      />
    </table>
  );
}

function visible(narrow: boolean): Environment[] {
  const all = project.value?.environments ?? [];
  const here = environment.value;
  if (narrow) return here ? [here] : [];
  if (all.length <= COLUMNS || !here) return all;
  const first = all.slice(0, COLUMNS);
  return first.includes(here) ? first : [...first.slice(0, -1), here];
}

/** Arrows move between rows, `k` kills, digits switch an environment. */
function useRowKeys(
  flags: readonly FlagView[],
  box: { current: HTMLElement | null },
  height: number,
  columns: readonly Environment[],
  actions: RowActions,
): void {
  const at = (): number => {
    const row = document.activeElement?.closest<HTMLElement>("[data-index]");
    return row ? Number(row.dataset.index) : -1;
  };
  const go = (to: number) => {
    const index = Math.max(0, Math.min(flags.length - 1, to));
    const pixels = height * rootSize();
    const top = (box.current?.getBoundingClientRect().top ?? 0) + index * pixels;
    // The bar at the top covers what lies under it.
    const hidden = Math.min(0, top - 2 * pixels) || Math.max(0, top + 2 * pixels - innerHeight);
    if (hidden) scrollBy({ top: hidden, behavior: "instant" });
    requestAnimationFrame(() =>
      box.current?.querySelector<HTMLElement>(`[data-index="${index}"] a`)?.focus({ preventScroll: true }),
    );
  };
  /** Acts on the flag that has the focus, if one may change it there. */
  const focused = (act: (flag: FlagView) => void, there: Environment | null) => () => {
    const flag = flags[at()];
    if (flag && there && mayChange(flag.purpose, there.key)) act(flag);
  };
  const digits = columns.map((one, index) => [`${index + 1}`, focused((flag) => act(flag, one), one)] as const);
  const act = (flag: FlagView, one: Environment) =>
    flag.environments[one.key]?.kills.length ? actions.restore(flag, one) : actions.toggle(flag, one);
  useKeys({
    ArrowDown: () => go(at() + 1),
    ArrowUp: () => go(at() - 1),
    Home: () => go(0),
    End: () => go(flags.length - 1),
    PageDown: () => go(at() + 10),
    PageUp: () => go(at() - 10),
    k: focused(actions.kill, environment.value),
    x: () => {
      const flag = flags[at()];
      if (flag && mayTick(flag)) tick(flag.key);
    },
    r: () => {
      const flag = flags[at()];
      const killed = [environment.value, ...columns].find((one) => one && flag?.environments[one.key]?.kills.length);
      if (flag && killed && mayChange(flag.purpose, killed.key)) actions.restore(flag, killed);
    },
    ...Object.fromEntries(digits),
  });
}
