// On the landing page: the way back to the page that was read last, and how much of each chapter's practice has been solved in this browser (kept by live.js, nowhere else).
const chapters = JSON.parse(document.querySelector("script.chapter-practice").textContent);

for (const [slug, exercises] of Object.entries(chapters)) {
  const card = document
    .querySelector(`.chapter-cards a[href*="${slug}/"]`)
    ?.closest(".sd-card")
    ?.querySelector(".sd-card-body");
  const solved = exercises.filter((exercise) =>
    localStorage.getItem(`lm-practice:${slug}:${exercise}`),
  ).length;
  if (!card || !exercises.length) continue;
  const line = document.createElement("p");
  line.className = "chapter-solved";
  const bar = document.createElement("span");
  bar.style.setProperty("--solved", `${(100 * solved) / exercises.length}%`);
  line.append(bar, `${solved} of ${exercises.length} exercises solved`);
  card.append(line);
}

const place = JSON.parse(localStorage.getItem("lm-place") ?? "null");
const start = document.querySelector("a.course-start");
if (place && start) {
  const link = start.cloneNode(true);
  link.href = place.address;
  link.classList.replace("sd-btn-primary", "sd-btn-outline-primary");
  link.querySelector("span").textContent = `Continue: ${place.title}`;
  start.after(" ", link);
}
