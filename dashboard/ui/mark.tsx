export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" class="mark-ground" />
      <path d="M8 8h6v16H8zM18 8h6v16h-6z" class="mark-doors" />
      <path d="M14 15h4v2h-4z" class="mark-light" />
    </svg>
  );
}
