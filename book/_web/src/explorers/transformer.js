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
export function logSoftmax(logits) {
  const top = Math.max(...logits);
  let sum = 0;
  for (const value of logits) sum += Math.exp(value - top);
  return Float64Array.from(logits, (value) => value - top - Math.log(sum));
}

/**
 * A model that has read a text and can say what comes next.
 *
 * `read(inputs)` gives the log-probabilities after these ids (`bos` first, any length); it computes only what earlier calls
 * have not. `examine(inputs, off)` reads a text that fits the window without the heads in the set `off` (layer · heads +
 * head), and gives for each place {logProbs, weights, parts, stream}: the attention weights of each head, the parts whose sum
 * is the last residual stream as [{name, layer, head, vector}], and that stream. `contributions` says what each part adds to
 * a logit.
 */
export function transformer({ config, tensors }, buffer) {
  const params = unpack(tensors, buffer);
  const { n_layer: L, n_head: H, n_embd: d, block_size: block, stride, vocab_size: V } = config;
  const size = d / H;
  const keys = new Float32Array(L * block * d),
    values = new Float32Array(L * block * d);
  let window = [];

  /** What the heads of a layer bring to a position; `view` sees their weights and may have some of them off. */
  function attend(layer, qkv, position, view) {
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
      view?.weights.push(weights);
      if (view?.off.has(layer * H + head)) continue;
      weights.forEach((weight, t) => {
        for (let i = 0; i < size; i++) out[from + i] += weight * values[base + t * d + from + i];
      });
    }
    return out;
  }

  /** What each head of a layer adds to the stream, and the bias that they share. */
  function byHead(layer, seen) {
    const parts = Array.from({ length: H }, (_, head) => {
      const alone = new Float32Array(d);
      alone.set(seen.subarray(head * size, (head + 1) * size), head * size);
      const vector = linear(params.proj_w, layer * d * d, alone, d);
      return { name: "head", layer, head, vector };
    });
    const vector = params.proj_b.slice(layer * d, (layer + 1) * d);
    return [...parts, { name: "attention bias", layer, vector }];
  }

  function step(token, position, view) {
    const embedded = params.wte.slice(token * d, (token + 1) * d);
    const placed = params.wpe.subarray(position * d, (position + 1) * d);
    view?.parts.push({ name: "token", vector: embedded }, { name: "position", vector: placed });
    const x = embedded.map((value, i) => value + placed[i]);
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
      const seen = attend(layer, qkv, position, view);
      view?.parts.push(...byHead(layer, seen));
      add(linear(params.proj_w, layer * d * d, seen, d, params.proj_b, layer * d));
      const norm2 = layerNorm(x, params.ln2_g, params.ln2_b, layer * d);
      const up = linear(params.fc_w, layer * 4 * d * d, norm2, 4 * d, params.fc_b, layer * 4 * d);
      const down = linear(
        params.out_w,
        layer * 4 * d * d,
        up.map(gelu),
        d,
        params.out_b,
        layer * d,
      );
      view?.parts.push({ name: "MLP", layer, vector: down });
      add(down);
    }
    if (view) view.stream = x;
    return linear(params.wte, 0, layerNorm(x, params.lnf_g, params.lnf_b, 0), V);
  }

  /** The direction in which a stream must point to raise the logit of a token above the mean of all. */
  function direction(token) {
    const towards = Float64Array.from({ length: d }, (_, i) => {
      let mean = 0;
      for (let v = 0; v < V; v++) mean += params.wte[v * d + i] / V;
      return params.wte[token * d + i] - mean;
    });
    const bias = dot(towards, params.lnf_b, d);
    const scaled = towards.map((value, i) => value * params.lnf_g[i]);
    const mean = scaled.reduce((sum, value) => sum + value / d, 0); // what the norm takes away
    return { towards: scaled.map((value) => value - mean), bias };
  }

  return {
    bos: V,
    layers: L,
    heads: H,
    longest: block,
    examine(inputs, off) {
      if (inputs.length > block)
        throw new RangeError(`${inputs.length} inputs, and the window has ${block} places`);
      window = []; // keys and values are now those of a model without some heads
      return inputs.map((token, position) => {
        const view = { off, weights: [], parts: [] };
        const logits = step(token, position, view);
        return { ...view, logProbs: logSoftmax(logits) };
      });
    },
    /**
     * What each part of a place adds to the logit of a token, measured from the mean of all logits, the spread that the last
     * norm divides by being held as it is. Their sum, with the bias of that norm at the end, is that logit.
     */
    contributions({ parts, stream }, token) {
      const { towards, bias } = direction(token);
      const mean = stream.reduce((sum, value) => sum + value / d, 0);
      const variance = stream.reduce((sum, value) => sum + (value - mean) ** 2 / d, 0);
      const spread = Math.sqrt(variance + EPSILON);
      return [
        ...parts.map(({ vector, ...part }) => ({
          ...part,
          adds: dot(towards, vector, d) / spread,
        })),
        { name: "last bias", adds: bias },
      ];
    },
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
