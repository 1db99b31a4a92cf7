// The page: puts the columns together, and lets the address say what is open.

import * as chat from "./chat.js";
import * as clock from "./clock.js";
import * as composer from "./composer.js";
import { changes, county, follow } from "./county.js";
import { $, refuse, useZone } from "./dom.js";
import * as people from "./people.js";
import * as welcome from "./welcome.js";
import { fill } from "./words.js";

async function route() {
  const place = decodeURIComponent(location.hash.slice(1));
  const open = chat.isOpenable(place);
  people.select(open ? place : "");
  $("chat").hidden = !open;
  $("welcome").hidden = open;
  document.body.dataset.view = open ? "talk" : { clock: "time", hint: "talk" }[place] ?? "list";
  await chat.show(open ? place : "");
}

fill();
// The zone must be known before anything draws a time.
changes.addEventListener("county", () => {
  useZone(county.zone);
  $("county").textContent = county.name;
});
for (const part of [people, chat, composer, clock, welcome]) part.start();
changes.addEventListener("link", ({ detail }) => { $("link").hidden = detail; });
for (const button of document.querySelectorAll("[data-close]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}
window.addEventListener("hashchange", route);
// Chromium leaves empty boxes where text was drawn before the letters arrived; a new font draws it again.
const lettersCame = () => {
  const came = [...document.fonts].some((font) => font.status === "loaded");
  document.documentElement.classList.toggle("han", came);
};
document.fonts.addEventListener("loadingdone", lettersCame);
lettersCame();
try {
  await follow();
  if (!localStorage.getItem("welcomed")) {
    localStorage.setItem("welcomed", "1");
    if (!location.hash) location.hash = "hint";
  }
  await route();
} catch (error) {
  refuse(error);
  $("link").hidden = false;
}
