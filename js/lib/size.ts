const UNITS = ["B", "KB", "MB", "GB", "TB"];

/** Sizes of files as people read them: `640 B`, `16 KB`, `1.2 MB`; a thousand bytes to the KB, as on disk. */
export function formatSize(bytes: number): string {
  const unit = unitOf(bytes);
  return `${inUnit(bytes, unit)} ${UNITS[unit]}`;
}

/** How much of something is there, in the unit of all of it: `1.2 of 5.0 GB`. */
export function formatPart(bytes: number, total: number): string {
  const unit = unitOf(total);
  return `${inUnit(bytes, unit)} of ${inUnit(total, unit)} ${UNITS[unit]}`;
}

function unitOf(bytes: number): number {
  let unit = 0;
  while (bytes / 1000 ** unit >= 999.5 && unit < UNITS.length - 1) unit++;
  return unit;
}

function inUnit(bytes: number, unit: number): string {
  const size = Math.max(0, bytes) / 1000 ** unit;
  return unit === 0 || size >= 9.95 ? size.toFixed(0) : size.toFixed(1);
}
