/**
 * The scenes of demo.html: a stub with the kernel's side of the wire, and a run in every state it can be in. The figures
 * are made up from a fixed seed, so that two pictures of the page can be compared.
 */

import widget from "../../src/inlay/static/run-view.js";

const options = new URLSearchParams(location.search);
document.body.classList.toggle("lab", options.get("host") !== "plain");
document.body.dataset.jpThemeLight = String(options.get("theme") !== "dark");
const main = document.querySelector("main");
if (options.has("width")) main.style.width = `${options.get("width")}px`;

/** The kernel's side of the wire: traits, events, and a record of what the view sent. */
class StubModel {
  constructor(traits) {
    this.traits = traits;
    this.listeners = new Map();
  }
  get(name) {
    return this.traits[name];
  }
  on(event, callback) {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), callback]);
  }
  off(event, callback) {
    this.listeners.set(
      event,
      (this.listeners.get(event) ?? []).filter((one) => one !== callback),
    );
  }
  emit(event, ...args) {
    for (const callback of this.listeners.get(event) ?? []) callback(...args);
  }
  change(name, value) {
    this.traits[name] = value;
    this.emit(`change:${name}`);
  }
  send() {}
}

let random = 7;
const noise = () => {
  random = (random * 16807) % 2147483647;
  return random / 2147483647 - 0.5;
};

function frame(seq, series) {
  const numbers = series.flatMap(({ x, y }) => [...x, ...y]);
  const heads = series.map(({ x, y, ...head }, id) => ({
    id,
    from: 0,
    n: x.length,
    total: x.length,
    nonfinite: 0,
    key: `${head.chart}/${head.label}`,
    ...head,
  }));
  return { seq, series: heads, data: new DataView(new Float64Array(numbers).buffer) };
}

const steps = (n, by = 1) => Array.from({ length: n }, (_, i) => i * by);
const line = (chart, label, n, value, more = {}) => {
  const x = steps(n, more.by ?? 1);
  return { chart, label, x, y: x.map((step, i) => value(i / n, step)), ...more };
};
const falling = (low, speed, rough) => (t) =>
  low + 2.1 * Math.exp(-speed * t) * (1 + rough * noise()) + rough * noise() * 0.3;
const rising = (high, speed, rough) => (t) =>
  high * (1 - 0.9 * Math.exp(-speed * t)) + rough * noise();

const now = Date.now() / 1000;
const header = (more) => ({
  run_id: "0193",
  short_id: "a81b2c3d",
  name: "baseline",
  experiment: "churn",
  status: "finished",
  started_at: now - 134,
  ended_at: now,
  tags: {},
  note: "",
  error: null,
  params: [],
  params_total: 0,
  metrics_total: 0,
  load: 'inlay.get_run("a81b2c3d")',
  parent: null,
  ...more,
});
const params = [
  ["lr", "0.001"],
  ["batch_size", "256"],
  ["epochs", "40"],
  ["model", "resnet18"],
  ["optimizer", "adamw"],
  ["weight_decay", "0.05"],
  ["schedule", "cosine"],
  ["warmup", "500"],
  ["seed", "7"],
  ["amp", "True"],
  ["augment", '["flip", "crop", "color-jitter", "cutout", "mixup"]'],
  ["label_smoothing", "0.1"],
  ["dropout", "0.2"],
  ["ema", "0.999"],
  ["data/path", "/data/churn/2024/train.parquet"],
  ["workers", "8"],
];

const training = (n) => [
  line("loss", "train", n, falling(0.08, 5, 0.25)),
  line("loss", "val", Math.ceil(n / 10), falling(0.16, 4, 0.08), { by: 10 }),
  line("accuracy", "train", n, rising(0.97, 6, 0.02)),
  line("accuracy", "val", Math.ceil(n / 10), rising(0.93, 5, 0.012), { by: 10 }),
  line("lr", "lr", n, (t) => 0.0005 * (1 + Math.cos(Math.PI * t)), {}),
  line("grad_norm", "grad_norm", n, (t) => 1.2 + Math.exp(-3 * t) * 3 + Math.abs(noise()) * 1.5, {
    total: 1_000_000,
  }),
  line("gpu/memory", "gpu/memory", n, (t) => 14_200_000_000 + 900_000_000 * Math.tanh(9 * t)),
  line(
    "perplexity",
    "perplexity",
    n,
    (t) => (t > 0.31 && t < 0.36 ? Number.NaN : Math.exp(1 + 3 * Math.exp(-4 * t)) + noise()),
    { nonfinite: 27 },
  ),
];

const hostile = `<script>alert("x")</script> "quoted" \u{1F9EA}\nsecond line ${"long ".repeat(50)}`;
const traceback = `Traceback (most recent call last):
  Cell In[12], line 14
    12 for epoch in range(epochs):
    13     for batch in loader:
--> 14         loss = criterion(model(batch.x), batch.y)
    15         loss.backward()

  File torch/nn/modules/linear.py:125, in Linear.forward(self, input)
    124 def forward(self, input: Tensor) -> Tensor:
--> 125     return F.linear(input, self.weight, self.bias)

RuntimeError: mat1 and mat2 shapes cannot be multiplied (256x784 and 512x10)`;

const scenes = {
  running: {
    header: header({
      status: "running",
      ended_at: null,
      tags: { model: "resnet18", team: "growth" },
      params: params.slice(0, 6),
      params_total: 6,
    }),
    series: [],
    live: true,
  },
  finished: {
    header: header({
      name: "resnet18-cosine-wide",
      experiment: "churn-2024",
      tags: { model: "resnet18", team: "growth", stage: "candidate" },
      note: "Wider head, cosine schedule; compare with last week's linear warm-up.",
      params,
      params_total: 16,
      started_at: now - 11_234,
      metrics_total: 10_000,
      parent: "77aa01ff",
    }),
    series: training(400),
  },
  failed: {
    header: header({
      status: "failed",
      name: "wide-head",
      error: {
        type: "RuntimeError",
        message: "mat1 and mat2 shapes cannot be multiplied (256x784 and 512x10)",
        traceback,
      },
      params: params.slice(0, 3),
      params_total: 3,
    }),
    series: training(40).slice(0, 3),
    open: true,
  },
  interrupted: {
    header: header({
      status: "interrupted",
      error: { type: "KeyboardInterrupt", message: "", traceback: "KeyboardInterrupt" },
    }),
    series: [line("loss", "loss", 12, falling(0.2, 3, 0.1))],
  },
  killed: {
    header: header({ status: "killed" }),
    series: [line("score", "score", 1, () => 0.8731)],
  },
  empty: { header: header({ status: "running", ended_at: null }), series: [] },
  nothing: { header: header({ ended_at: now - 133.2 }), series: [] },
  extremes: {
    header: header({ name: "extremes" }),
    series: [
      line("huge", "huge", 60, (t) => 1e300 * (t - 0.2)),
      line("tiny", "tiny", 60, (t) => 3e-300 * t * t),
      line("constant", "constant", 60, () => 0.25),
      line("spike", "spike", 400, (_, i) => (i === 211 ? 1e6 : 1 + noise())),
      line("narrow", "narrow", 60, (t) => 1_234_567 + 0.4 * t),
      line("none", "none", 5, () => Number.NaN, { nonfinite: 5 }),
      line("gaps", "gaps", 30, (t, i) => (i % 7 === 3 || i > 22 ? Number.NaN : t), {
        nonfinite: 11,
      }),
      line("late", "late", 90, (t) => Math.sin(9 * t), { by: 123_457 }),
    ],
  },
  hostile: {
    header: header({
      name: hostile,
      experiment: hostile,
      note: hostile,
      tags: { [hostile]: hostile, "<b>k</b>": "v" },
      error: { type: "<img src=x>", message: hostile, traceback: hostile },
      status: "failed",
      params: [
        [hostile, hostile],
        ["<i>x</i>", "&amp;"],
      ],
      params_total: 2,
      load: hostile,
    }),
    series: [
      line(hostile, "train", 20, falling(0.1, 4, 0.1)),
      line(hostile, hostile, 20, falling(0.3, 4, 0.1)),
    ],
  },
};

/** Points that arrive ten times a second, as the kernel would push them. */
function stream(model) {
  const full = training(400);
  let [seq, done] = [0, 0];
  const push = () => {
    const until = Math.min(400, done + 3);
    const parts = full.map((one) => {
      const by = one.by ?? 1;
      const [from, to] = [Math.ceil(done / by), Math.ceil(until / by)];
      return {
        ...one,
        from,
        x: one.x.slice(from, to),
        y: one.y.slice(from, to),
        total: to,
        nonfinite: 0,
      };
    });
    const { data, ...content } = frame(++seq, parts);
    model.emit("msg:custom", { type: "points", ...content }, [data]);
    done = until;
    if (done >= 400) clearInterval(timer);
  };
  for (let i = 0; i < Number(options.get("head") ?? 60); i++) push();
  const timer = setInterval(push, 100);
}

const only = options.get("only")?.split(",") ?? Object.keys(scenes);
for (const name of only) {
  const scene = scenes[name];
  const title = document.createElement("h2");
  title.textContent = name;
  const el = document.createElement("div");
  main.append(title, el);
  const model = new StubModel({
    _token: name,
    _header: scene.header,
    _snapshot: frame(0, scene.series),
  });
  await widget.render({ model, el, signal: new AbortController().signal });
  if (scene.live) stream(model);
  if (scene.open) for (const fold of el.querySelectorAll("details")) fold.open = true;
}
