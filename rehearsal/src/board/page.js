// What CloudWatch does with a custom widget, as far as it is documented: it calls the function with the widget's parameters
// and context, shows the HTML that comes back, and does what each <cwdb-action> says of the element before it.
"use strict";

const by = (id) => document.getElementById(id);
const widget = by("widget");

// Of calls that overtake each other the last one counts.
let latest = 0;

function forms() {
  const all = {};
  for (const field of widget.querySelectorAll("input[name], select[name], textarea[name]")) all[field.name] = field.value;
  return all;
}

async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

async function call(parameters, place) {
  const number = ++latest;
  widget.setAttribute("aria-busy", "true");
  let shown;
  try {
    shown = await post("/widget", {
      parameters,
      forms: forms(),
      theme: by("theme").value,
      width: Math.round(widget.clientWidth),
    });
  } catch (error) {
    shown = { text: String(error) };
  }
  if (number !== latest) return;
  show(shown, place);
  widget.setAttribute("aria-busy", "false");
}

function show(shown, place) {
  if (shown.html === undefined) {
    const text = document.createElement("pre");
    text.textContent = shown.text;
    place.replaceChildren(text);
  } else {
    // The server has taken out what CloudWatch takes out, and the policy of this page runs no script of a widget.
    place.innerHTML = shown.html;
    for (const action of place.querySelectorAll("cwdb-action")) attach(action);
  }
  if (place !== widget) by("popup").showModal();
}

function attach(action) {
  const element = action.previousElementSibling;
  if (!element) return;
  const event = action.getAttribute("event") ?? "click";
  element.addEventListener(event, async (happened) => {
    happened.preventDefault();
    const question = action.getAttribute("confirmation");
    if (question && !(await confirmed(question))) return;
    const place = action.getAttribute("display") === "popup" ? by("popped") : widget;
    if (action.getAttribute("action") !== "call") return show({ html: action.innerHTML }, place);
    const text = action.textContent.trim();
    await call(text ? JSON.parse(text) : {}, place);
  });
}

function confirmed(question) {
  by("question").textContent = question;
  const dialog = by("confirm");
  dialog.showModal();
  return new Promise((resolve) => {
    const end = (answer) => () => {
      dialog.close();
      resolve(answer);
    };
    by("yes").onclick = end(true);
    by("no").onclick = end(false);
    dialog.oncancel = () => resolve(false);
  });
}

function reset() {
  document.body.classList.toggle("dark", by("theme").value === "dark");
  const width = Number(by("width").value);
  widget.style.width = width ? `${width}px` : "auto";
  widget.replaceChildren();
  call({}, widget);
}

async function push(works) {
  try {
    const { digest } = await post("/push", { version: by("version").value, works });
    by("pushed").textContent = `pushed ${by("version").value}: ${digest.slice(7, 19)}`;
  } catch (error) {
    by("pushed").textContent = String(error);
  }
}

by("theme").onchange = reset;
by("width").onchange = reset;
by("close").onclick = () => by("popup").close();
by("push-good").onclick = () => push(true);
by("push-bad").onclick = () => push(false);
const wanted = new URLSearchParams(location.search);
for (const name of ["theme", "width"]) if (wanted.has(name)) by(name).value = wanted.get(name);
reset();
