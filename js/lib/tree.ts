/**
 * Paths as a tree of folders, and the rows of it that are in sight. Only what is in an open folder is laid out, so that
 * hundreds of files cost what a reader looks at. A folder that holds one folder and nothing else is one row with it.
 */

/** A row in sight: a folder, or, where `item` is set, one of the things listed. */
export interface Row<T> {
  path: string;
  name: string;
  item: T | null;
  level: number;
  open: boolean;
  /** Where it stands among those beside it, from 1, and how many these are. */
  place: number;
  among: number;
}

interface Folder<T> {
  folders: Map<string, Folder<T>>;
  items: [name: string, item: T][];
}

/** The rows in sight, folders first, given which folders are open. */
export function treeRows<T>(
  items: readonly T[],
  pathOf: (item: T) => string,
  isOpen: (folder: string) => boolean,
): Row<T>[] {
  const root: Folder<T> = { folders: new Map(), items: [] };
  for (const item of items) {
    const parts = pathOf(item).split("/");
    const name = parts.pop() ?? "";
    let folder = root;
    for (const part of parts) {
      const inner: Folder<T> = folder.folders.get(part) ?? { folders: new Map(), items: [] };
      folder.folders.set(part, inner);
      folder = inner;
    }
    folder.items.push([name, item]);
  }
  const rows: Row<T>[] = [];
  lay(root, "", 1, isOpen, rows);
  return rows;
}

function lay<T>(
  { folders, items }: Folder<T>,
  above: string,
  level: number,
  isOpen: (folder: string) => boolean,
  rows: Row<T>[],
): void {
  const among = folders.size + items.length;
  let place = 0;
  for (const [first, outer] of folders) {
    let [name, folder] = [first, outer];
    while (folder.folders.size === 1 && folder.items.length === 0) {
      for (const [part, inner] of folder.folders) [name, folder] = [`${name}/${part}`, inner];
    }
    const path = `${above}${name}/`;
    const open = isOpen(path);
    rows.push({ path, name, item: null, level, open, place: ++place, among });
    if (open) lay(folder, path, level + 1, isOpen, rows);
  }
  for (const [name, item] of items) {
    rows.push({ path: above + name, name, item, level, open: false, place: ++place, among });
  }
}
