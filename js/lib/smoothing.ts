/**
 * The exponential moving average that TensorBoard and W&B draw, without the pull of its start towards zero (the bias
 * correction of Adam; Kingma and Ba, 2015), and weighted by the distance in x as W&B's "time weighted EMA" is
 * (https://docs.wandb.ai/guides/app/features/panels/line-plot/smoothing): where points stand twice as far apart, the
 * past fades twice as fast. For evenly spaced points it is TensorBoard's average.
 */

/**
 * The averages of `y`, as long as it; gaps stay gaps. `weight` from 0 to below 1 is what is left of the past after a
 * distance of `spacing`, by default the mean distance of the rows.
 */
export function smoothed(
  x: Float64Array,
  y: Float64Array,
  weight: number,
  spacing = meanSpacing(x),
): Float64Array {
  let average = 0;
  let gathered = 0;
  let before = x[0] ?? 0;
  return y.map((value, i) => {
    if (!Number.isFinite(value)) return Number.NaN;
    const at = x[i] ?? 0;
    // Several values at one place fade each other as neighbours do: they are told apart by their order alone.
    const distance = spacing > 0 && at > before ? (at - before) / spacing : 1;
    before = at;
    const past = gathered * weight ** distance;
    gathered = past + 1;
    // As a mean of two numbers, so that values near the ends of double precision do not overflow.
    // A value that does not change is its own average, to the last digit.
    if (value !== average) average = average * (past / gathered) + value / gathered;
    return average;
  });
}

export function meanSpacing(x: Float64Array): number {
  return x.length > 1 ? ((x.at(-1) ?? 0) - (x[0] ?? 0)) / (x.length - 1) : 0;
}
