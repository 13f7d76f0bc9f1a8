// Keys for the page on which answers are marked. Without this script its links and form do the same.
const points = document.getElementById("points");
const comment = document.getElementById("comment");

// Letters mean something only while the field for points has the focus: no number has one.
points.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const link = { n: "next", p: "previous" }[event.key];
  if (link) document.getElementById(link).click();
  else if (event.key === "f") points.value = points.dataset.most;
  else if (event.key === "c") comment.focus();
  else return;
  event.preventDefault();
});

comment.addEventListener("keydown", (event) => {
  if (event.key === "Escape") points.focus();
  if (event.key === "Enter" && event.ctrlKey) comment.form.requestSubmit();
});

points.select();
