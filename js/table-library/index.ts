/**
 * The code of every run table, carried by one model of a page, apart from that of the cards: a page that shows no table
 * is not sent it.
 */

import { tableView } from "../run-table/view.ts";

export default {
  initialize: () => ({ tableView }),
};
