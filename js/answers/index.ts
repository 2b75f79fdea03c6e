/**
 * The model that answers questions, and does nothing by itself. It says hello once: from then on the kernel knows to
 * answer it beside the cell that runs, where it can do that at all.
 */

import type { InitializeProps } from "@anywidget/types";

export default {
  initialize({ model }: InitializeProps): void {
    model.send({ id: 0, op: "hello" });
  },
};
