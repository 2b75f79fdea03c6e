/**
 * The run table as a widget: it borrows the code from the page's library and draws. Where the library is gone, or the
 * host cannot hand it over, nothing is drawn, and the static picture beside this view stays in sight.
 */

import type { RenderProps, ResolvedWidget } from "@anywidget/types";
import type { tableView } from "./view.ts";

type Library = ResolvedWidget<{ tableView: typeof tableView }>;

export default {
  async render(props: RenderProps) {
    let library: Library;
    try {
      library = await props.host.getWidget(props.model.get("_library"));
    } catch {
      return undefined;
    }
    return props.signal.aborted ? undefined : library.exports.tableView(props);
  },
};
