import { element } from "../lib/dom.ts";
import type { TableSession } from "./session.ts";

export const gridPart = (_session: TableSession): HTMLElement =>
  element("div", { role: "gridcell" });
