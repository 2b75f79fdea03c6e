/**
 * The widgets' tests run in a real Chromium: what they check (layout, canvas, theme, keyboard) exists nowhere else.
 * The browser is the one CHROMIUM_PATH names, else one found on PATH, else the one Playwright installed.
 */

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

const executablePath =
  process.env.CHROMIUM_PATH || onPath("chromium", "chromium-browser", "google-chrome");

export default defineConfig({
  // Named here because a dependency found only while a test runs reloads the page under that test.
  optimizeDeps: { include: ["axe-core"] },
  test: {
    include: ["tests/widgets/**/*.test.ts"],
    testTimeout: 20_000,
    // Most of a test is waiting for frames and timers: two pages at a time, also on two cores.
    maxWorkers: 2,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: {
          ...(executablePath ? { executablePath } : {}),
          args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
        },
      }),
      instances: [{ browser: "chromium" }],
    },
  },
});

function onPath(...names: string[]): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
