/**
 * The scenes of demo.html: a stub with the kernel's side of the wire, and a run in every state it can be in. The figures
 * are made up from a fixed seed, so that two pictures of the page can be compared.
 */

import library from "../../src/inlay/static/library.js";

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

const now = Date.now() / 1000;
let random = 7;
const noise = () => {
  random = (random * 16807) % 2147483647;
  return random / 2147483647 - 0.5;
};

function frame(seq, series) {
  const start = now - 134;
  const numbers = series.flatMap(({ x, y }) => [...x, ...x.map((i) => start + i / 4), ...y, ...y]);
  const heads = series.map(({ x, y, ...head }, id) => {
    const finite = y.filter(Number.isFinite);
    return {
      id,
      from: 0,
      n: x.length,
      total: x.length,
      nonfinite: 0,
      key: `${head.chart}/${head.label}`,
      last: Number.isFinite(y.at(-1)) ? y.at(-1) : null,
      min: finite.length > 0 ? Math.min(...finite) : null,
      max: finite.length > 0 ? Math.max(...finite) : null,
      ...head,
    };
  });
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
  store: "demo",
  following: false,
  source: "churn.ipynb",
  host: "moria",
  user: "ada",
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

const source = `%%track baseline -e churn --tag model=resnet18
import torch
from churn import data, model

lr = 0.001
batch_size = 256
loader = data.loader("train", batch_size=batch_size)
net = model.wide(head=512)
optimizer = torch.optim.AdamW(net.parameters(), lr=lr, weight_decay=0.05)

for epoch in range(40):
    for step, batch in enumerate(inlay.progress(loader, desc=f"epoch {epoch}")):
        loss = criterion(net(batch.x), batch.y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        inlay.log({"loss/train": loss.item()})
    inlay.log({"accuracy/val": validate(net)})
`;
const plot = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 240"><rect width="400" height="240" fill="#fff"/>
<path d="M20 220L80 120L140 150L200 60L260 90L380 30" fill="none" stroke="#2f66d8" stroke-width="3"/></svg>`;
const report = `<h1>Report</h1><p>Accuracy <b>0.93</b></p><script>document.body.append("script ran")</script>
<img src="https://example.org/x.png" alt="an image from elsewhere">`;
const details = {
  code: {
    source,
    previous: { run_id: "0192", short_id: "77aa01ff", name: "baseline" },
    diff: [
      ["@", ""],
      ["=", "from churn import data, model"],
      ["=", ""],
      ["-", "lr = 0.01"],
      ["+", "lr = 0.001"],
      ["=", "batch_size = 256"],
      ["=", 'loader = data.loader("train", batch_size=batch_size)'],
      ["-", "net = model.narrow()"],
      ["+", "net = model.wide(head=512)"],
      ["+", "optimizer = torch.optim.AdamW(net.parameters(), lr=lr, weight_decay=0.05)"],
      ["@", ""],
    ],
    added: 3,
    removed: 2,
  },
  output: {
    tail: steps(60)
      .map((i) => `epoch ${i}: loss ${(2 / (i + 1)).toFixed(4)}, accuracy 0.${900 + i}`)
      .join("\n"),
    bytes: 1_200_000,
  },
  artifacts: [
    { path: "model.pt", bytes: 44_812_000, mime: "", kind: "file", hash: "a" },
    {
      path: "plots/confusion.svg",
      bytes: 18_200,
      mime: "image/svg+xml",
      kind: "figure",
      hash: "b",
    },
    {
      path: "samples/digits/00000390.png",
      bytes: 1400,
      mime: "image/png",
      kind: "image",
      hash: "g",
      key: "samples/digits",
      count: 40,
      all_bytes: 56_000,
      rows: null,
      first_step: 0,
      last_step: 390,
    },
    {
      path: "samples/speech/00000003.wav",
      bytes: 32_044,
      mime: "audio/wav",
      kind: "audio",
      hash: "h",
      key: "samples/speech",
      count: 4,
      all_bytes: 128_000,
      rows: null,
      first_step: 0,
      last_step: 3,
    },
    {
      path: "evals.parquet/part-00001.parquet",
      bytes: 9000,
      mime: "",
      kind: "table",
      hash: "i",
      key: "evals.parquet",
      count: 2,
      all_bytes: 18_000,
      rows: 1204,
      first_step: null,
      last_step: null,
    },
    {
      path: "net/model.joblib",
      bytes: 1_204_000,
      mime: "",
      kind: "model",
      hash: "j",
      key: "net",
      count: 1,
      all_bytes: 1_204_000,
      rows: null,
      first_step: null,
      last_step: null,
      model: {
        format: "joblib",
        class: "sklearn.ensemble.HistGradientBoostingClassifier",
        unsafe: true,
      },
    },
    { path: "plots/scatter.html", bytes: 4_600_000, mime: "text/html", kind: "figure", hash: "k" },
    { path: "predictions.csv", bytes: 104_000, mime: "text/csv", kind: "table", hash: "c" },
    { path: "report.html", bytes: 2400, mime: "text/html", kind: "file", hash: "d" },
    { path: "config.json", bytes: 412, mime: "application/json", kind: "json", hash: "e" },
    { path: "lost.txt", bytes: 12, mime: "text/plain", kind: "text", hash: "f" },
  ],
  artifacts_total: 11,
  histograms: ["layers/0/weight", "layers/1/weight", "layers/1/bias", "logits"].map((key) => ({
    key,
    steps: 60,
    last_step: 5900,
  })),
  inputs: [
    {
      name: "train",
      context: "training",
      kind: "pandas",
      rows: 120_000,
      columns: 5,
      bytes: 8_400_000,
      source: "~/churn/data/train.parquet",
      digest: "3f2a9c1b77d0e4aa",
      sampled: false,
    },
    {
      name: "holdout",
      context: "evaluation",
      kind: "parquet",
      rows: 12_000,
      columns: 5,
      bytes: 840_000,
      source: "~/churn/data/holdout.parquet",
      digest: "99d1c0ffee12ab34",
      sampled: true,
    },
  ],
  command: ["python", "train.py", "--name", "wide head"],
  exit_code: 0,
  environment: {
    python: "3.11.9",
    platform: "Linux 6.8, x86_64",
    hardware: [
      ["CPU", "AMD EPYC 7763, 16 cores"],
      ["Memory", "128 GB"],
      ["GPU", "NVIDIA H200, 141 GB"],
    ],
    packages: steps(120).map((i) => [`package-${i}`, `${i % 7}.${i % 13}.${i % 5}`]),
    variables: [["CUDA_VISIBLE_DEVICES", "0"]],
  },
  git: {
    commit: "6c93b54e2a9f",
    branch: "wide-head",
    dirty: true,
    remote: "git@example.org:churn.git",
  },
  children: steps(5).map((i) => ({
    run_id: String(i),
    short_id: `c0ffee0${i}`,
    name: `fold ${i}`,
    status: ["finished", "finished", "failed", "killed", "running"][i],
    duration_s: i === 4 ? null : 31.4 + i,
  })),
  children_total: 5,
};
const progress = [
  { desc: "epochs", n: 3, total: 40, elapsed_s: 92, rate: 0.033, left_s: 1121, state: "running" },
  { desc: "epoch 3", n: 340, total: 1000, elapsed_s: 9, rate: 38.2, left_s: 17, state: "running" },
  {
    desc: "stream",
    n: 81_233,
    total: null,
    elapsed_s: 9,
    rate: 912,
    left_s: null,
    state: "running",
  },
  {
    desc: "Keeping checkpoint.pt",
    n: 1_210_000_000,
    total: 5_012_000_000,
    elapsed_s: 9,
    rate: 131_000_000,
    left_s: 29,
    state: "running",
    unit: "bytes",
  },
];

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
    progress,
    details: { ...details, artifacts: [], children: [] },
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
    details,
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
    header: header({ status: "killed", following: true, source: "train.py" }),
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
    details: {
      code: { source: hostile, previous: null, diff: null, added: 0, removed: 0 },
      output: { tail: hostile, bytes: 10 },
      artifacts: [{ path: hostile, bytes: 1, mime: hostile, kind: hostile, hash: "" }],
      artifacts_total: 1,
      environment: { python: hostile, platform: "", hardware: [[hostile, hostile]], packages: [] },
      children: [{ short_id: hostile, name: hostile, status: hostile, duration_s: null }],
      children_total: 1,
    },
    progress: [
      { desc: hostile, n: 3, total: 4, elapsed_s: 1, rate: 1, left_s: 1, state: "running" },
    ],
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

/** The kernel that answers: after a moment, or never with ?kernel=busy; ?kernel=none has none. */
class StubKernel {
  constructor() {
    this.model = new StubModel({});
    this.model.send = (question) => {
      if (options.get("kernel") !== "busy") setTimeout(() => this.answer(question), 60);
    };
  }
  host() {
    return { getModel: async () => this.model, getWidget: () => Promise.reject(new Error("none")) };
  }
  answer({ id, op, ...args }) {
    const reply = (ok, ...buffers) => this.model.emit("msg:custom", { id, ok }, buffers);
    if (op === "set_note" && args.text === "fail") {
      const error = { type: "OSError", message: "disk full", traceback };
      this.model.emit("msg:custom", { id, error }, []);
    } else if (op === "set_note") reply({ note: args.text });
    else if (op === "artifact") void previewOf(args).then((answer) => reply(...answer));
    else if (op === "series") reply(...series(args));
    else if (op === "histogram") reply({ shown: 60, total: 60 }, ...histogram(args.key));
    else if (op === "input") reply(columns);
    else reply({});
  }
}

function series({ key, after = -1 }) {
  const all = key.includes("digits") ? steps(40, 10) : steps(4);
  const left = all.filter((step) => step > after);
  const captions = key.includes("digits")
    ? left.map((step) => `after ${step} batches, seed 7`)
    : null;
  return [{ steps: left, captions, total: all.length }];
}

/** A digit that grows out of noise. */
async function digit(step) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 28;
  const context = canvas.getContext("2d");
  context.fillStyle = "#000";
  context.fillRect(0, 0, 28, 28);
  for (let i = 0; i < 784; i++) {
    context.fillStyle = `rgba(255,255,255,${Math.max(0, (noise() + 0.4) * (1 - step / 400))})`;
    context.fillRect(i % 28, Math.floor(i / 28), 1, 1);
  }
  context.fillStyle = `rgba(255,255,255,${step / 400})`;
  context.font = "24px serif";
  context.fillText("7", 8, 22);
  const blob = await new Promise((done) => canvas.toBlob(done));
  return new Uint8Array(await blob.arrayBuffer());
}

function wave() {
  const bytes = new DataView(new ArrayBuffer(44 + 16_000));
  const text = (at, word) => {
    for (let i = 0; i < word.length; i++) bytes.setUint8(at + i, word.charCodeAt(i));
  };
  text(0, "RIFF");
  bytes.setUint32(4, 36 + 16_000, true);
  text(8, "WAVEfmt ");
  for (const [at, value] of [
    [16, 16],
    [24, 8000],
    [28, 16_000],
    [40, 16_000],
  ])
    bytes.setUint32(at, value, true);
  for (const [at, value] of [
    [20, 1],
    [22, 1],
    [32, 2],
    [34, 16],
  ])
    bytes.setUint16(at, value, true);
  text(36, "data");
  for (let i = 0; i < 8000; i++) bytes.setInt16(44 + 2 * i, 9000 * Math.sin(i / 6), true);
  return bytes;
}

function histogram() {
  const [bins, all] = [48, steps(60)];
  const edges = all.flatMap((i) => steps(bins + 1).map((at) => (at / bins - 0.5) * (0.4 + i / 60)));
  const counts = all.flatMap((i) =>
    steps(bins).map((at) =>
      Math.round(900 * Math.exp(-(((at - 24 - i / 9) / (4 + i / 12)) ** 2)) * (1 + noise() / 4)),
    ),
  );
  return [all.map((i) => 100 * i), all.map(() => bins), edges, counts].map(
    (one) => new Float64Array(one),
  );
}

const column = (name, type, more) => ({
  name,
  type,
  missing: 0,
  distinct: null,
  min: null,
  mean: null,
  max: null,
  counts: null,
  top: [],
  ...more,
});
const columns = {
  columns: [
    column("customer_id", "int64", {
      distinct: 120_000,
      min: 1,
      mean: 60_000.5,
      max: 120_000,
      counts: steps(20).map(() => 10),
    }),
    column("age", "int64", {
      missing: 231,
      distinct: 73,
      min: 18,
      mean: 41.37,
      max: 96,
      counts: [2, 5, 9, 14, 18, 20, 19, 15, 11, 8, 6, 5, 4, 3, 2, 1],
    }),
    column("spent_in_the_last_thirty_days", "double", {
      distinct: 88_120,
      min: 0,
      mean: 31.204,
      max: 18_430.5,
      counts: [60, 22, 11, 6, 3, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1],
    }),
    column("plan", "string", {
      missing: 12,
      distinct: 3,
      top: [
        ["free", 81_200],
        ["pro", 30_110],
        ["team", 8690],
      ],
    }),
    column("since", "timestamp[us]", { distinct: 2190, min: "2019-01-02", max: "2026-10-31" }),
  ],
  total: 5,
};

async function previewOf({ path, key, step }) {
  if (key === undefined) return previews(path);
  if (key.includes("digits"))
    return [{ kind: "image", mime: "image/png", path: key }, await digit(step)];
  if (key.includes("speech")) return [{ kind: "audio", mime: "audio/wav", path: key }, wave()];
  return previews("x.csv");
}

function previews(path) {
  const bytes = (text) => new TextEncoder().encode(text);
  if (path.endsWith(".svg")) return [{ kind: "svg", mime: "image/svg+xml" }, bytes(plot)];
  if (path.endsWith("scatter.html")) {
    const script = `<canvas width=300 height=150></canvas><script>const c=document.querySelector("canvas").getContext("2d");for(let i=0;i<300;i++){c.fillStyle="hsl("+i+" 70% 50%)";c.fillRect(i,75+60*Math.sin(i/20),4,4)}</script>`;
    return [{ kind: "html", text: script, bytes: 4_600_000, scripts: true }];
  }
  if (path.endsWith(".html")) return [{ kind: "html", text: report, bytes: report.length }];
  if (path.endsWith(".csv")) {
    const rows = steps(50).map((i) => [String(i), (i * 0.37).toFixed(3), `customer ${i}`, "True"]);
    return [
      { kind: "table", table: { columns: ["id", "score", "name", "kept"], rows, total: 1204 } },
    ];
  }
  if (path.endsWith(".json")) return [{ kind: "text", text: JSON.stringify({ lr: 0.1 }, null, 2) }];
  if (path.endsWith(".pt")) return [{ kind: "none", mime: "application/octet-stream" }];
  return [{ kind: "gone" }];
}

const kernel = new StubKernel();
const { runView } = library.initialize();
const only = options.get("only")?.split(",") ?? Object.keys(scenes);
for (const name of only) {
  const scene = scenes[name];
  const title = document.createElement("h2");
  title.textContent = name;
  const el = document.createElement("div");
  main.append(title, el);
  const model = new StubModel({
    _answers: options.get("kernel") === "none" ? "" : "anywidget:demo",
    _token: name,
    _header: scene.header,
    _details: scene.details ?? {},
    _progress: scene.progress ?? [],
    _choices: { panel: options.get("panel") },
    _snapshot: frame(0, scene.series),
  });
  runView({ model, el, host: kernel.host(), signal: new AbortController().signal });
  if (scene.live) stream(model);
  if (scene.open) for (const fold of el.querySelectorAll("details")) fold.open = true;
}
