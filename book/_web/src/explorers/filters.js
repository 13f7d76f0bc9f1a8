// Temperature and the filters of chapter 7, on tokens grouped by their distance from the largest logit.

/**
 * Temperature, then top-k, top-p and min-p, each on what the last one left, as lmcore.decoding does.
 *
 * Tokens with equal logits share a group. Returns weights e^(-distance/τ) of the groups, how many of each are kept, and what follows.
 */
export function filtered({ distances, counts }, { tau = 1, k = Infinity, p = 1, minP = 0 }) {
  const weights = distances.map((d) => Math.exp(-d / tau));
  const kept = counts.slice();
  let before = 0;
  for (let i = 0; i < kept.length; i++) {
    // every token tied with the k-th stays
    if (before >= k) kept[i] = 0;
    before += counts[i];
  }
  const sum = () => kept.reduce((total, n, i) => total + n * weights[i], 0);
  const all = counts.reduce((total, n, i) => total + n * weights[i], 0);
  if (p < 1) {
    const target = p * sum();
    let mass = 0,
      reached = false;
    for (let i = 0; i < kept.length; i++) {
      if (reached) kept[i] = 0;
      else if (mass + kept[i] * weights[i] < target) mass += kept[i] * weights[i];
      else {
        let n = 1;
        while (n < kept[i] && mass + n * weights[i] < target) n++;
        kept[i] = n;
        reached = true;
      }
    }
  }
  if (minP > 0)
    distances.forEach((d, i) => {
      if (-d / tau < Math.log(minP)) kept[i] = 0;
    });
  const total = sum();
  const meanDistance =
    kept.reduce((value, n, i) => value + (n ? n * weights[i] * distances[i] : 0), 0) / total;
  const meanSquare =
    kept.reduce((value, n, i) => value + (n ? n * weights[i] * distances[i] ** 2 : 0), 0) / total;
  return {
    weights,
    kept,
    total,
    mass: total / all,
    count: kept.reduce((value, n) => value + n, 0),
    entropy: Math.log(total) + meanDistance / tau,
    slope: (meanSquare - meanDistance ** 2) / tau ** 3,
  };
}

/** Probability of each named token; null if it was cut. */
export function ofTokens(n, { counts }, { weights, kept, total }) {
  const found = [];
  for (let i = 0; found.length < n; i++) {
    for (let j = 0; j < counts[i] && found.length < n; j++)
      found.push(j < kept[i] ? weights[i] / total : null);
  }
  return found;
}

/** Tokens, the most probable first, in groups of equal log-probability. */
export function grouped(logProbs) {
  const order = [...logProbs.keys()].sort((a, b) => logProbs[b] - logProbs[a] || a - b);
  const distances = [],
    counts = [];
  for (const token of order) {
    const distance = logProbs[order[0]] - logProbs[token];
    if (distance === distances.at(-1)) counts[counts.length - 1]++;
    else {
      distances.push(distance);
      counts.push(1);
    }
  }
  return { order, distances, counts };
}
