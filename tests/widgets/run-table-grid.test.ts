import { expect, it } from "vitest";
import { StubTable, stageTable } from "./stub-table.ts";

it("draws", async () => {
  const kernel = new StubTable({ runs: 30 });
  const one = await stageTable(kernel);
  expect(one.text(".inlay-runs-count")).toBe("30 runs");
});
