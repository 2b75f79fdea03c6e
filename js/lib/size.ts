/** Sizes of files as people read them: `640 B`, `16 KB`, `1.2 MB`; a thousand bytes to the KB, as on disk. */
export function formatSize(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let size = Math.max(0, bytes);
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  const digits = unit === 0 || size >= 9.95 ? size.toFixed(0) : size.toFixed(1);
  return `${digits} ${units[unit]}`;
}
