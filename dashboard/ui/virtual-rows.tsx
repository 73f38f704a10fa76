import type { ComponentChildren, RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

/** Rows rendered beyond what is seen, so that fast scrolling and arrow keys find them there. */
const OVERSCAN = 10;

interface VirtualRowsProps<T> {
  items: readonly T[];
  /** All rows are of one height, in rem, so that the page's height is known without them. */
  height: number;
  box: RefObject<HTMLTableSectionElement | null>;
  row: (item: T, index: number) => ComponentChildren;
}

/** Only the rows near the window exist; thousands of others are empty space. */
export function VirtualRows<T>({ items, height, box, row }: VirtualRowsProps<T>) {
  const [[first, last], setRange] = useState<[number, number]>([0, 30]);
  useLayoutEffect(() => {
    const look = () => {
      if (!box.current) return;
      const pixels = height * rootSize();
      const above = Math.max(0, -box.current.getBoundingClientRect().top);
      const from = Math.max(0, Math.floor(above / pixels) - OVERSCAN);
      const to = Math.ceil((above + innerHeight) / pixels) + OVERSCAN;
      setRange((now) => (now[0] === from && now[1] === to ? now : [from, to]));
    };
    look();
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    return () => {
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, [height, items.length]);
  const start = Math.min(first, Math.max(0, items.length - (last - first)));
  return (
    <tbody ref={box} style={{ paddingBlock: `${start * height}rem ${Math.max(0, items.length - last) * height}rem` }}>
      {items.slice(start, last).map((item, offset) => row(item, start + offset))}
    </tbody>
  );
}

export const rootSize = (): number => Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
