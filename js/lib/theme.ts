/**
 * A canvas inherits nothing, so the colours the style sheet maps from the host are read back here and watched. Whether
 * the host is dark is told from the background it really paints: JupyterLab, VS Code and Colab each say it in another
 * attribute, and a user's own theme may say it nowhere.
 */

export interface Theme {
  dark: boolean;
  background: string;
  text: string;
  muted: string;
  grid: string;
  font: string;
  /** Colours for lines, in the order they are to be used. */
  palette: string[];
}

export const PALETTE_SIZE = 10;

/**
 * Reads the theme an element is in, and marks the element light or dark for its style sheet; null while the element is
 * not on the page, where nothing has a colour. Hosts do render a view before they put it there.
 */
export function readTheme(root: HTMLElement): Theme | null {
  if (!root.isConnected) return null;
  const style = getComputedStyle(root);
  const dark = isDark(style.backgroundColor, style.color);
  root.dataset["inlayTheme"] = dark ? "dark" : "light";
  const probe = document.createElement("span");
  probe.hidden = true;
  // Where the system decides on colours (forced-colors), lines must still be told apart.
  probe.style.setProperty("forced-color-adjust", "none");
  root.append(probe);
  const colour = (name: string): string => {
    probe.style.color = `var(--inlay-${name})`;
    return getComputedStyle(probe).color;
  };
  const theme = {
    dark,
    background: colour("background"),
    text: colour("text"),
    muted: colour("muted"),
    grid: colour("grid"),
    font: style.fontFamily,
    palette: Array.from({ length: PALETTE_SIZE }, (_, i) => colour(`line-${i}`)),
  };
  probe.remove();
  return theme;
}

export function sameTheme(a: Theme | null, b: Theme | null): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/**
 * Calls back when the host may have changed its theme. Hosts mark the change on `html` or `body`, and some load the new
 * style sheet only afterwards, hence the second look.
 */
export function watchTheme(look: () => void, signal: AbortSignal): void {
  let later = 0;
  const changed = () => {
    look();
    clearTimeout(later);
    later = window.setTimeout(look, 400);
  };
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributes: true });
  observer.observe(document.body, { attributes: true });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed, { signal });
  signal.addEventListener("abort", () => {
    observer.disconnect();
    clearTimeout(later);
  });
}

function isDark(background: string, text: string): boolean {
  const [r, g, b, alpha] = pixel(background);
  if (alpha > 127) return luminance(r, g, b) < 0.4;
  const [tr, tg, tb] = pixel(text);
  return luminance(tr, tg, tb) > 0.5;
}

/** Painting one pixel understands every way CSS has of writing a colour. */
function pixel(colour: string): [number, number, number, number] {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) return [255, 255, 255, 255];
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [r = 255, g = 255, b = 255, alpha = 255] = context.getImageData(0, 0, 1, 1).data;
  return [r, g, b, alpha];
}

/** Perceived lightness from 0 to 1 (Rec. 709 weights on gamma-coded values: good enough to tell day from night). */
function luminance(r: number, g: number, b: number): number {
  return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}

/** The colour of a line by its place in the palette. */
export function lineColour(theme: Theme | null, place: number): string {
  return theme?.palette[place % PALETTE_SIZE] ?? "#808080";
}

/** A colour as the browser computed it, `rgb(r, g, b)`, at another opacity. */
export function faded(colour: string, opacity: number): string {
  return colour.replace(/^rgb\((.*)\)$/, `rgba($1, ${opacity})`);
}
