// The right column: what time it is in the county, pushing it forward, and what happened.

import { changes, county, lookAgain, post } from "./county.js";
import { $, dateOf, dayOf, el, hourOf, refuse } from "./dom.js";
import { say } from "./words.js";

let pushing = false;

function tick() {
  const { clock } = county;
  if (!clock) return;
  $("hour").textContent = hourOf(clock.now);
  $("hour").dateTime = clock.now;
  $("date").textContent = dateOf(clock.now);
  $("day-kind").textContent = say(clock.workday ? "workday" : "day_off");
  $("day-kind").className = clock.workday ? "tag work" : "tag";
  for (const node of document.querySelectorAll(".moment")) node.textContent = `${dayOf(clock.now)} ${hourOf(clock.now)}`;
  $("controls").hidden = !county.controllable;
  const moving = pushing || clock.moving;
  $("time").classList.toggle("moving", moving);
  for (const button of $("controls").querySelectorAll("button")) button.disabled = moving;
  const { next } = clock;
  const when = next && (dayOf(next.at) === dayOf(clock.now) ? hourOf(next.at) : `${dayOf(next.at)} ${hourOf(next.at)}`);
  $("next").textContent = moving ? say("moving") : next ? say("next", { when, what: next.text }) : say("next_none");
}

export async function push(to) {
  if (pushing) return;
  pushing = true;
  tick();
  try {
    county.clock = await post("clock", { to });
    lookAgain();
  } catch (error) { refuse(error); }
  pushing = false;
  tick();
}

function line(note) {
  const node = el("li", {}, el("time", { dateTime: note.at }, hourOf(note.at)), el("p", { dir: "auto" }, note.text));
  node.dataset.day = dayOf(note.at);
  return node;
}

function draw() {
  $("notes").replaceChildren();
  if (!county.notes.length) $("notes").append(el("li", { className: "quiet none" }, say("log_empty")));
  county.notes.forEach(add);
}

// The newest stands on top, under the heading of its day.
function add(note) {
  const list = $("notes");
  list.querySelector(".none")?.remove();
  const node = line(note);
  const top = list.firstElementChild;
  if (top?.dataset.day === node.dataset.day) top.after(node);
  else {
    const day = el("li", { className: "day" }, node.dataset.day);
    day.dataset.day = node.dataset.day;
    list.prepend(day, node);
  }
}

export function start() {
  changes.addEventListener("county", () => { tick(); draw(); });
  changes.addEventListener("clock", tick);
  changes.addEventListener("note", ({ detail }) => add(detail));
  for (const button of document.querySelectorAll("[data-jump]")) {
    button.addEventListener("click", () => push(button.dataset.jump));
  }
}
