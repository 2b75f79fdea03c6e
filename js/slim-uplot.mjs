/**
 * uPlot is most of what the browser gets, and a third of it is for charts we do not draw: its axes, its legend, time and
 * logarithmic scales, stepped lines, bars and splines (js/lib/axes.ts draws our axes). Those functions are emptied before
 * bundling. The version is pinned; a function that is not where it was fails the build. The tests run on the same text.
 */

/** What a function that is never called, or has nothing to do here, is replaced by. */
const EMPTIED = {
  genTimeStuffs: "return [[], [], noop];",
  fmtDate: "return noop;",
  tzDate: "",
  timeAxisStamps: "",
  timeAxisVals: "",
  timeAxisVal: "",
  timeSeriesVal: "",
  timeSeriesStamp: "",
  logAxisSplits: "",
  asinhAxisSplits: "",
  log10AxisValsFilt: "",
  log2AxisValsFilt: "",
  rangeLog: "",
  rangeAsinh: "",
  join: "",
  stepped: "",
  bars: "",
  monotoneCubic: "",
  splineInterp: "",
  initLegendRow: "",
  setLegendValues: "",
  drawAxesGrid: "",
  drawOrthoLines: "",
  calcAxesRects: "",
  rangeNum: "",
  _rangeNum: "",
  numAxisSplits: "",
  numAxisVals: "",
  numSeriesVal: "",
  genIncrs: "return [];",
  initAxis: "",
  syncFontSize: "",
  pxRatioFont: "",
  addSeries: "",
  delSeries: "",
  addBand: "",
  clipBandLine: "",
  legendStroke: "",
  legendFill: "",
  getIncrSpace: "",
  findIncr: "",
  autoPadSide: "",
  // Axes that are not shown never change the room that is left.
  axesCalc: "return true;",
};

export const UPLOT = /[\\/]uPlot\.esm\.js/;

/** The text of uPlot's module without those functions. */
export function slimUplot(text) {
  return Object.entries(EMPTIED).reduce((rest, [name, body]) => {
    const whole = new RegExp(
      `^(\\t?)function ${name}\\(([^)]*)\\) \\{\\n[\\s\\S]*?\\n\\1\\}\\n`,
      "m",
    );
    if (!whole.test(rest)) throw new Error(`uPlot has no function ${name} any more`);
    return rest.replace(whole, (_, indent) => `${indent}function ${name}() { ${body} }\n`);
  }, text);
}
