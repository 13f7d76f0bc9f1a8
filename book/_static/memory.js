// What this browser remembers for its reader, and tells nobody: guesses, answers to the questions of a review, and which sections
// were read to their end. The landing page counts them and gives them away as a file (progress.js).
(() => {
  const root = new URL(document.documentElement.dataset.content_root, location).pathname;
  const page = location.pathname.slice(root.length).replace(/^book\/|\.html$/g, "");
  if (!/^\d\d-/.test(page)) return;
  const recall = (kind, where = page) => {
    try {
      return JSON.parse(localStorage.getItem(`lm-${kind}:${where}`));
    } catch {
      return null; // a browser that keeps nothing
    }
  };
  const keep = (kind, value) => {
    try {
      localStorage.setItem(`lm-${kind}:${page}`, JSON.stringify(value));
      return true;
    } catch {
      return false;
    }
  };

  // A guess comes back before the sentence to remember.
  const form = document.querySelector("form.guess");
  const returned = document.querySelector(".guess-kept");
  const giveBack = (guess) => {
    if (!returned) return;
    returned.hidden = !guess;
    returned.textContent = `Before you read the section, you guessed: “${guess}”. ${compare(guess)}`;
  };
  // A number is set beside the one that the notebook computes, below the cell that prints it.
  const result = document.createElement("p");
  result.className = "guess-result";
  const said = (value) => String(+value.toPrecision(3)).replace("-", "−");
  const compare = (guess) => {
    result.remove();
    const number = parseFloat(guess.replace(",", ".").match(/-?\d*\.?\d+/)?.[0]);
    const { computed, cell } = form.dataset;
    if (!computed || Number.isNaN(number)) return "";
    const off = Math.abs(number - computed);
    const words = `The notebook computes ${computed}: ${off ? `off by ${said(off)}` : "exactly right"}.`;
    const scale = document.createElement("span");
    scale.className = "guess-scale";
    const [low, high] = [Math.min(0, number, computed), 1.1 * Math.max(number, computed)];
    for (const [kind, value] of [["yours", number], ["computed", +computed]]) {
      const mark = document.createElement("span");
      mark.className = kind;
      mark.style.left = `${(100 * (value - low)) / (high - low || 1)}%`;
      scale.append(mark);
    }
    result.replaceChildren(`You guessed ${said(number)}. ${words}`, scale);
    document.querySelectorAll("div.cell")[cell]?.after(result);
    return words;
  };
  if (form) {
    const field = form.elements.guess;
    field.value = recall("guess") ?? "";
    giveBack(field.value);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const guess = field.value.trim();
      const said = form.querySelector("[role=status]");
      if (!keep("guess", guess)) said.textContent = "This browser keeps nothing.";
      else said.textContent = guess ? "Kept in this browser; it comes back at the end." : "Removed.";
      giveBack(guess);
    });
  }

  // A question of the self-check is answered by what is opened first.
  const quiz = document.querySelector("#check-yourself");
  const questions = [];
  for (const part of quiz?.children ?? [])
    if (part.matches("details")) questions.at(-1)?.push(part);
    else if (part.matches("p")) questions.push([]);
  const asked = questions.filter((answers) => answers.length);
  if (asked.length) {
    const right = (answer) => /^Yes\b/.test(answer.querySelector("p")?.textContent ?? "");
    // what is damaged, or belonged to other questions, is as if it had not been answered
    let chosen = Object.fromEntries(
      Object.entries(recall("quiz") ?? {}).filter(([number, place]) => asked[number]?.[place]),
    );
    const score = document.createElement("p");
    score.className = "quiz-score";
    const words = document.createElement("span");
    words.setAttribute("role", "status");
    const again = document.createElement("button");
    again.type = "button";
    again.textContent = "Start again";
    score.append(words, " ", again);
    quiz.append(score);

    const show = () => {
      asked.forEach((answers, number) =>
        answers.forEach((answer, place) => {
          answer.querySelector(".quiz-verdict")?.remove();
          if (chosen[number] !== place) return;
          const verdict = document.createElement("span");
          verdict.className = `quiz-verdict ${right(answer) ? "right" : "wrong"}`;
          verdict.textContent = right(answer) ? "✓ your answer, right" : "✗ your answer, not right";
          answer.querySelector("summary .sd-summary-text").append(" ", verdict);
        }),
      );
      const answered = Object.keys(chosen).length;
      const good = Object.entries(chosen).filter(([number, place]) => right(asked[number][place])).length;
      words.textContent = answered ? `${good} of ${answered} right at first choice.` : `${asked.length} questions.`;
      again.hidden = !answered;
    };
    asked.forEach((answers, number) =>
      answers.forEach((answer, place) =>
        answer.querySelector("summary").addEventListener("click", () => {
          if (number in chosen) return;
          chosen[number] = place;
          keep("quiz", chosen);
          show();
        }),
      ),
    );
    again.addEventListener("click", () => {
      chosen = {};
      keep("quiz", chosen);
      for (const answer of asked.flat()) answer.open = false;
      show();
    });
    show();
  }

  // The opener of a chapter says how far its reader is.
  const slug = page.split("/")[0];
  const path = document.querySelector(".course-path");
  if (path && page.endsWith("/index")) {
    let names = [];
    try {
      names = Object.keys(localStorage);
    } catch {
      /* a browser that keeps nothing */
    }
    const count = (kind) => names.filter((name) => name.startsWith(`lm-${kind}:${slug}`)).length;
    const counts = recall("assignment", slug);
    const [solved, problems] = Array.isArray(counts) ? counts : [];
    const words = [];
    if (count("read")) words.push(`${count("read")} of 5 sections read`);
    if (count("practice")) words.push(`${count("practice")} ${count("practice") === 1 ? "exercise" : "exercises"} solved`);
    if (problems) words.push(`${solved} of ${problems} problems of the assignment solved`);
    if (words.length) {
      const line = document.createElement("p");
      line.className = "course-progress";
      line.textContent = `In this browser: ${words.join(", ")}.`;
      path.after(line);
    }
  }

  // A section is read when its end has been on the screen.
  const end = document.querySelector(".course-imprint");
  if (end && /\/[1-5]-/.test(page))
    new IntersectionObserver((seen, observer) => {
      if (!seen.some(({ isIntersecting }) => isIntersecting)) return;
      keep("read", new Date().toISOString().slice(0, 10));
      observer.disconnect();
    }).observe(end);
})();
