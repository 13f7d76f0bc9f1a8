// The pocket transformer of section 8.5 in the reader's browser: lmcore.models.transformer, one token at a time.
// Weights arrive as signed bytes with a scale for each row or column; names are those of lmcore.

const EPSILON = 1e-5; // of layer norm
const dot = (a, b, n, i = 0, j = 0) => {
  let sum = 0;
  for (let k = 0; k < n; k++) sum += a[i + k] * b[j + k];
  return sum;
};

/**
 * The parameters in a file of `explorer_data.pocket_file`: each tensor begins at a multiple of four bytes.
 *
 * A tensor with scales is (groups, rows, columns) of bytes and one float32 for each row; the others are float32.
 */
function unpack(tensors, buffer) {
  const params = {};
  let at = 0;
  for (const { name, groups, rows, columns, scaled } of tensors) {
    const n = groups * rows * columns;
    if (!scaled) {
      params[name] = new Float32Array(buffer, at, n);
      at += 4 * n;
      continue;
    }
    const scales = new Float32Array(buffer, at, groups * rows);
    const bytes = new Int8Array(buffer, at + 4 * scales.length, n);
    params[name] = Float32Array.from(bytes, (byte, i) => byte * scales[Math.floor(i / columns)]);
    at += 4 * Math.ceil((4 * scales.length + n) / 4);
  }
  return params;
}

function layerNorm(x, gain, bias, from) {
  const d = x.length;
  let mean = 0;
  for (const value of x) mean += value / d;
  let variance = 0;
  for (const value of x) variance += (value - mean) ** 2 / d;
  const scale = 1 / Math.sqrt(variance + EPSILON);
  return x.map((value, i) => (value - mean) * scale * gain[from + i] + bias[from + i]);
}

/** W x + b, with the rows of W, one for each output, one after the other from `from` on. */
function linear(weights, from, x, outputs, bias, biasFrom) {
  const out = new Float32Array(outputs);
  for (let j = 0; j < outputs; j++)
    out[j] = (bias ? bias[biasFrom + j] : 0) + dot(weights, x, x.length, from + j * x.length);
  return out;
}

const gelu = (v) => (v / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v)));

/** Logarithms of softmax(logits). */
function logSoftmax(logits) {
  const top = Math.max(...logits);
  let sum = 0;
  for (const value of logits) sum += Math.exp(value - top);
  return Float64Array.from(logits, (value) => value - top - Math.log(sum));
}

/**
 * A model that has read a text and can say what comes next.
 *
 * `read(inputs)` gives the log-probabilities after these ids (`bos` first, any length); it computes only what earlier calls
 * have not.
 */
export function transformer({ config, tensors }, buffer) {
  const params = unpack(tensors, buffer);
  const { n_layer: L, n_head: H, n_embd: d, block_size: block, stride, vocab_size: V } = config;
  const size = d / H;
  const keys = new Float32Array(L * block * d),
    values = new Float32Array(L * block * d);
  let window = [];

  function attend(layer, qkv, position) {
    const base = layer * block * d,
      out = new Float32Array(d);
    keys.set(qkv.subarray(d, 2 * d), base + position * d);
    values.set(qkv.subarray(2 * d), base + position * d);
    for (let head = 0; head < H; head++) {
      const from = head * size;
      const scores = Float32Array.from(
        { length: position + 1 },
        (_, t) => dot(qkv, keys, size, from, base + t * d + from) / Math.sqrt(size),
      );
      const weights = Float32Array.from(logSoftmax(scores), Math.exp);
      weights.forEach((weight, t) => {
        for (let i = 0; i < size; i++) out[from + i] += weight * values[base + t * d + from + i];
      });
    }
    return out;
  }

  function step(token, position) {
    const x = new Float32Array(d);
    for (let i = 0; i < d; i++) x[i] = params.wte[token * d + i] + params.wpe[position * d + i];
    const add = (update) => update.forEach((value, i) => (x[i] += value));
    for (let layer = 0; layer < L; layer++) {
      const norm1 = layerNorm(x, params.ln1_g, params.ln1_b, layer * d);
      const qkv = linear(
        params.qkv_w,
        layer * 3 * d * d,
        norm1,
        3 * d,
        params.qkv_b,
        layer * 3 * d,
      );
      const seen = attend(layer, qkv, position);
      add(linear(params.proj_w, layer * d * d, seen, d, params.proj_b, layer * d));
      const norm2 = layerNorm(x, params.ln2_g, params.ln2_b, layer * d);
      const up = linear(params.fc_w, layer * 4 * d * d, norm2, 4 * d, params.fc_b, layer * 4 * d);
      add(linear(params.out_w, layer * 4 * d * d, up.map(gelu), d, params.out_b, layer * d));
    }
    return linear(params.wte, 0, layerNorm(x, params.lnf_g, params.lnf_b, 0), V);
  }

  return {
    bos: V,
    read(inputs) {
      // the rule of lmcore.models.transformer.window_start
      const start = Math.ceil(Math.max(0, inputs.length - block) / stride) * stride;
      const wanted = inputs.slice(start);
      let known = 0;
      while (known < Math.min(window.length, wanted.length - 1) && window[known] === wanted[known])
        known++;
      let logits;
      for (let t = known; t < wanted.length; t++) logits = step(wanted[t], t);
      window = wanted;
      return logSoftmax(logits);
    },
  };
}
