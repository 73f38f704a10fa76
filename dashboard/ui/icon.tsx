/** Drawn on a 20 by 20 grid with strokes of the text's colour. Decoration only: names stand beside them. */
const PATHS = {
  alert: "M10 6v5M10 14v.01M10 2.5 18 17H2z",
  arrowDown: "M10 4v12M5 11l5 5 5-5",
  arrowUp: "M10 16V4M5 9l5-5 5 5",
  check: "M4 10.5 8 15l8-10",
  chevron: "M6 8l4 4 4-4",
  close: "M5 5l10 10M15 5 5 15",
  copy: "M7 7h9v9H7zM4 13V4h9",
  down: "M10 3v10M5 9l5 5 5-5M4 17h12",
  history: "M3 10a7 7 0 1 0 2-5L3 7M3 3v4h4M10 6v4l3 2",
  archive: "M3 4h14v4H3zM4.5 8v8h11V8M8 11.5h4",
  clock: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 6v4.5l3 1.5",
  compare: "M3 7h12M12 4l3 3-3 3M17 13H5M8 10l-3 3 3 3",
  eye: "M2 10c2-3.5 4.7-5 8-5s6 1.5 8 5c-2 3.5-4.7 5-8 5s-6-1.5-8-5zM10 12.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z",
  link: "M8.5 11.5l3-3M9 6l1.5-1.5a3.2 3.2 0 0 1 5 5L14 11M11 14l-1.5 1.5a3.2 3.2 0 0 1-5-5L6 9",
  people:
    "M7.5 9a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2 17c.5-3 2.5-5 5.5-5s5 2 5.5 5M13 3.3a3 3 0 0 1 0 5.4M15 12.5c1.7.8 2.7 2.4 3 4.5",
  keyboard: "M2 5h16v10H2zM5 8h.01M8 8h.01M11 8h.01M14 8h.01M6 12h8",
  moon: "M16 12A7 7 0 0 1 8 4a6.5 6.5 0 1 0 8 8z",
  pause: "M7 5v10M13 5v10",
  person: "M10 10a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3.5 17c.7-3.5 3.3-5 6.5-5s5.8 1.5 6.5 5",
  play: "M7 4.5v11l9-5.5z",
  plus: "M10 4v12M4 10h12",
  restore: "M4 4v5h5M4.5 9A6.5 6.5 0 1 1 4 12.5",
  search: "M9 15a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM13.5 13.5 17 17",
  stop: "M7 2.5h6L17.5 7v6L13 17.5H7L2.5 13V7zM7 10h6",
  sun: "M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6 16 16M4 16l1.4-1.4M14.6 5.4 16 4",
  system: "M3 4h14v9H3zM7 17h6M10 13v4",
  trash: "M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6",
  up: "M10 14V4M5 8l5-5 5 5M4 17h12",
} as const;

type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
