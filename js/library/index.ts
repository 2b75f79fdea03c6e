/**
 * The code of every card, carried by one model of a page: the text of a module travels with each widget that has it, so
 * the cards themselves are a few lines that borrow it from here.
 */

import { runView } from "../run-view/view.ts";

export default {
  initialize: () => ({ runView }),
};
