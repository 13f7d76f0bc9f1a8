// Reliability diagram of recorded predictions, with the number of bins and the temperature in the reader's hands (6.3 to 6.5).
import { scaleLinear } from "d3-scale";
import {
  axes,
  choice,
  fixed,
  frame,
  load,
  percent,
  picture,
  range,
  sized,
  source,
  whole,
} from "./ui.js";

const BINS = [5, 6, 10, 12, 15, 20, 30, 60];
const Z = 1.959963984540054; // of a 95 % band

/** Wilson's band for a share seen in n trials. */
function band(share, n) {
  const centre = (share + (Z * Z) / (2 * n)) / (1 + (Z * Z) / n);
  const half = (Z * Math.sqrt((share * (1 - share)) / n + (Z / (2 * n)) ** 2)) / (1 + (Z * Z) / n);
  return [Math.max(centre - half, 0), Math.min(centre + half, 1)];
}

/** Fine bins put together, `count` of them in all. */
export function binned(fine, count) {
  const size = fine.n.length / count;
  return Array.from({ length: count }, (_, b) => {
    const sum = (values) =>
      values.slice(b * size, (b + 1) * size).reduce((total, value) => total + value, 0);
    const n = sum(fine.n);
    return {
      from: b / count,
      to: (b + 1) / count,
      n,
      confidence: sum(fine.confidence) / n,
      accuracy: sum(fine.right) / n,
      variance: sum(fine.variance),
    };
  });
}

export async function mount(stage) {
  const data = await load("reliability");
  const at = (i) => data.temperatures[i];
  const update = () => redraw();
  const group = choice(
    "Predictions on",
    data.groups.map(({ label }, i) => [i, label]),
    update,
  );
  const bins = range(
    "Bins",
    { min: 0, max: BINS.length - 1, step: 1, value: BINS.indexOf(15), words: (i) => BINS[i] },
    update,
  );
  const temperature = range(
    "Temperature T",
    {
      min: 0,
      max: data.temperatures.length - 1,
      step: 1,
      value: data.temperatures.indexOf(1),
      words: (i) => fixed(at(i), 2),
    },
    update,
  );
  const diagram = picture(
    "Reliability diagram: share correct against confidence, one dot a bin, with its 95 % band",
  );
  const shares = picture("Bars: share of the tokens in each bin");
  const draw = (width) => {
    const fine = data.groups[group.value].at[temperature.value];
    const all = binned(fine, BINS[bins.value]),
      filled = all.filter(({ n }) => n);
    const total = filled.reduce((sum, { n }) => sum + n, 0);
    const mean = (value) => filled.reduce((sum, bin) => sum + bin.n * value(bin), 0) / total;
    const ece = mean(({ accuracy, confidence }) => Math.abs(accuracy - confidence));
    const floor =
      (Math.sqrt(2 / Math.PI) *
        filled.reduce((sum, { variance }) => sum + Math.sqrt(variance), 0)) /
      total;
    const confidence = mean((bin) => bin.confidence),
      accuracy = mean((bin) => bin.accuracy);
    const outside = filled.filter((bin) => {
      const [low, high] = band(bin.accuracy, bin.n);
      return bin.confidence < low || bin.confidence > high;
    });
    const square = Math.min(width, 470);
    drawDiagram(diagram, square, filled);
    drawShares(shares, square, all, total);
    return {
      numbers: [
        ["ECE", fixed(ece, 4)],
        ["ECE if calibrated", fixed(floor, 4)],
        ["confidence", fixed(confidence, 3)],
        ["accuracy", fixed(accuracy, 3)],
        ["loss", `${fixed(fine.loss, 4)} nats`],
      ],
      finding:
        `${whole(total)} tokens at T = ${fixed(at(temperature.value), 2)}: too ${confidence > accuracy ? "sure" : "modest"} by ` +
        `${fixed(Math.abs(confidence - accuracy), 3)} on average. With ${BINS[bins.value]} bins the error is ${fixed(ece, 4)}, where a calibrated model would show about ` +
        `${fixed(floor, 4)} by chance; in ${outside.length} of ${filled.length} bins the band excludes equality.`,
      table: {
        caption: "Bins that hold tokens",
        head: ["confidence in", "tokens", "mean confidence", "share correct", "95 % band"],
        rows: filled.map((bin) => [
          `${fixed(bin.from, 3)} to ${fixed(bin.to, 3)}`,
          whole(bin.n),
          fixed(bin.confidence, 3),
          fixed(bin.accuracy, 3),
          band(bin.accuracy, bin.n)
            .map((end) => fixed(end, 3))
            .join(" to "),
        ]),
      },
    };
  };
  const redraw = frame(stage, {
    title: "Reliability diagram",
    controls: [group, bins, temperature].map(({ node }) => node),
    pictures: [diagram, shares],
    extra: [source()],
    draw,
  });
}

function drawDiagram(svg, width, filled) {
  const left = 40,
    top = 22,
    bottom = top + (width - left - 14),
    height = bottom + 40;
  const drawing = sized(svg, width, height);
  const x = scaleLinear([0, 1], [left, width - 14]),
    y = scaleLinear([0, 1], [bottom, top]);
  axes(drawing, { x, y, bottom, left, nameX: "confidence", nameY: "share correct" });
  drawing
    .append("line")
    .attr("class", "ex-guide")
    .attr("x1", x(0))
    .attr("y1", y(0))
    .attr("x2", x(1))
    .attr("y2", y(1));
  const bins = drawing.selectAll(".ex-bin").data(filled).join("g").attr("class", "ex-bin ex-1");
  bins
    .append("line")
    .attr("class", "ex-gap")
    .attr("x1", (b) => x(b.confidence))
    .attr("x2", (b) => x(b.confidence))
    .attr("y1", (b) => y(b.confidence))
    .attr("y2", (b) => y(b.accuracy));
  bins
    .append("line")
    .attr("class", "ex-line")
    .attr("x1", (b) => x(b.confidence))
    .attr("x2", (b) => x(b.confidence))
    .attr("y1", (b) => y(band(b.accuracy, b.n)[0]))
    .attr("y2", (b) => y(band(b.accuracy, b.n)[1]));
  bins
    .append("circle")
    .attr("class", "ex-dot")
    .attr("r", 4.5)
    .attr("cx", (b) => x(b.confidence))
    .attr("cy", (b) => y(b.accuracy));
}

function drawShares(svg, width, bins, total) {
  const left = 40,
    top = 18,
    bottom = 70;
  const drawing = sized(svg, width, bottom + 22);
  const x = scaleLinear([0, 1], [left, width - 14]);
  const y = scaleLinear([0, Math.max(...bins.map(({ n }) => n)) / total], [bottom, top]);
  axes(drawing, {
    x,
    y,
    bottom,
    left,
    ticksY: 2,
    formatY: (v) => `${Math.round(100 * v)} %`,
    nameY: "share of tokens",
  });
  drawing
    .selectAll(".ex-bar")
    .data(bins)
    .join("rect")
    .attr("class", "ex-bar")
    .attr("x", (b) => x(b.from) + 0.5)
    .attr("width", (b) => x(b.to) - x(b.from) - 1)
    .attr("y", (b) => y(b.n / total))
    .attr("height", (b) => bottom - y(b.n / total));
}
