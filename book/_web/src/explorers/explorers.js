// Waits until an explorer comes near, then loads it. This file is SITE/explorers/explorers.js; nothing else is read before.
const decoding = () => import("./decoding.js");
const MODULES = {
  "next-token": decoding,
  temperature: decoding,
  decoding,
  reliability: () => import("./reliability.js"),
  beams: () => import("./beams.js"),
  divergence: () => import("./divergence.js"),
  masked: () => import("./masked.js"),
  ngrams: () => import("./ngrams.js"),
  typing: () => import("./typing.js"),
  inside: () => import("./inside.js"),
  safety: () => import("./safety.js"),
  leak: () => import("./leak.js"),
  mass: () => import("./mass.js"),
  chain: () => import("./chain.js"),
  guidance: () => import("./guidance.js"),
};

async function open(stage) {
  const name = stage.dataset.explorer;
  try {
    const { mount } = await MODULES[name]();
    await mount(stage, name);
    stage.dataset.ready = "";
  } catch (problem) {
    stage.dataset.failed = ""; // the sentence that stands in the page is shown after all
    console.error(problem);
  }
}

const near = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      open(target);
    }
  },
  { rootMargin: "600px" },
);

for (const stage of document.querySelectorAll("[data-explorer]")) near.observe(stage);

if (document.querySelector("script.chapter-practice")) import("./progress.js");
