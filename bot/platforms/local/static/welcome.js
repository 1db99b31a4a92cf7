// The three steps somebody new can take, with the people of this county in them.

import { changes, county, unread } from "./county.js";
import { $, el } from "./dom.js";
import { push } from "./clock.js";
import { roleOf } from "./people.js";
import { say } from "./words.js";

const ofRole = (role) => county.people.filter((person) => roleOf(person) === role);
const visit = (person) => { if (person) location.hash = encodeURIComponent(person.chat); };

function step(key, name, ...acts) {
  return el("li", {}, el("h3", {}, say(key)), el("p", {}, say(key === "step_ask" && !county.controllable ? "step_ask_plain" : `${key}_text`, { name })),
    acts.length ? el("p", { className: "actions" }, ...acts) : null);
}

function act(text, does) {
  const node = el("button", { type: "button" }, text);
  node.addEventListener("click", does);
  return node;
}

function draw() {
  const liaison = ofRole("联络员").find((person) => person.joined);
  const name = liaison?.name ?? "";
  const leader = () => ofRole("牵头领导").find((person) => unread(person.chat)) ?? ofRole("牵头领导")[0];
  $("steps").replaceChildren(
    step("step_ask", name,
      ...(county.controllable ? [act(say("jump_event"), () => push("event"))] : []),
      act(say("open_liaison", { name }), () => visit(liaison))),
    step("step_problem", name),
    step("step_take", name, act(say("open_leader"), () => visit(leader()))));
}

export function start() {
  changes.addEventListener("county", draw);
  $("hint-open").addEventListener("click", () => { location.hash = "hint"; });
}
