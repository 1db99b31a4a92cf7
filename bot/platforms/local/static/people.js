// The left column: groups, then everybody by role, with what is unread.

import { changes, county, lookAgain, personOf, post, room, unread } from "./county.js";
import { $, dayOf, el, face, hourOf, refuse } from "./dom.js";
import { roleName, say } from "./words.js";

const ORDER = ["联络员", "牵头领导", "部门联络员", "指挥部办公室", "常务副县长", "县长", "业主"];
const KINDS = { 联络员: "liaison", 牵头领导: "leader", 部门联络员: "department", 指挥部办公室: "office", 常务副县长: "head", 县长: "head", 业主: "owner" };
// Who holds several roles stands under the highest, once.
const RANK = ["县长", "常务副县长", "指挥部办公室", "牵头领导", "部门联络员", "联络员", "业主"];

export const roleOf = (person) => RANK.find((role) => person.roles.includes(role)) ?? "";
export const kindOf = (person) => KINDS[roleOf(person)] ?? "other";

const entries = new Map();
const counters = [];
let current = "";
let onlyUnread = false;

export function sections() {
  const byRole = new Map(ORDER.map((role) => [role, []]));
  byRole.set("", []);
  for (const person of county.people) byRole.get(roleOf(person)).push(person);
  return [...byRole].filter(([, people]) => people.length);
}

export function fillPeople(select, chosen) {
  select.replaceChildren(...sections().map(([role, people]) =>
    el("optgroup", { label: role ? roleName(role) : say("others") },
      ...people.map((person) => el("option", { value: person.id, selected: person.id === chosen },
        person.unit ? `${person.name} · ${person.unit}` : person.name)))));
}

function entry(chat, name, kind, about, tag, words) {
  const badge = el("b", { className: "badge" });
  const when = el("time");
  const node = el("a", { className: "entry", href: `#${encodeURIComponent(chat)}` },
    face(name, kind),
    el("span", { className: "who" }, el("span", { className: "name" }, el("bdi", {}, name), tag), el("bdi", { className: "about" }, about)),
    el("span", { className: "side" }, when, badge));
  node.dataset.words = words.join(" ").toLowerCase();
  entries.set(chat, { node, badge, when });
  mark(chat);
  return node;
}

function mark(chat) {
  const known = entries.get(chat);
  if (!known) return;
  const { latest } = room(chat);
  const count = unread(chat);
  known.badge.textContent = count > 99 ? "99+" : count || "";
  known.badge.ariaLabel = count ? say("unread_count", { count }) : null;
  known.node.classList.toggle("unread", count > 0);
  known.when.textContent = latest ? timeOf(latest.at) : "";
  if (chat === current) known.node.setAttribute("aria-current", "page");
  else known.node.removeAttribute("aria-current");
}

function timeOf(moment) {
  const now = county.clock?.now ?? moment;
  return dayOf(moment) === dayOf(now) ? hourOf(moment) : dayOf(moment).replace(/[ ,].*$/, "");
}

function section(title, chats, nodes, extra) {
  const count = el("b", { className: "badge" });
  counters.push(() => {
    const sum = chats.reduce((total, chat) => total + (unread(chat) > 0), 0);
    count.textContent = sum || "";
  });
  const head = el("summary", {}, el("span", { className: "title" }, title), el("small", {}, String(chats.length)), count);
  const details = el("details", { open: !folded().includes(title) }, head, ...nodes);
  details.addEventListener("toggle", () => {
    const others = folded().filter((name) => name !== title);
    sessionStorage.setItem("folded", JSON.stringify(details.open ? others : [...others, title]));
  });
  return el("section", {}, details, extra);
}

function folded() {
  try { return JSON.parse(sessionStorage.getItem("folded") ?? "[]"); } catch { return []; }
}

function draw() {
  const nav = $("chats");
  const { scrollTop } = nav;
  const focused = document.activeElement?.closest?.(".entry")?.getAttribute("href");
  entries.clear();
  counters.length = 0;
  const found = el("p", { id: "nobody", className: "quiet", hidden: true }, say("nobody_found"));
  const add = el("button", { type: "button", id: "add-group", className: "add" }, `＋ ${say("new_group_short")}`);
  add.addEventListener("click", () => { fillPeople($("group-by"), officeId()); $("founding").showModal(); });
  const groups = county.groups.map((group) => entry(group.chat, group.title, "group",
    group.scope || say("not_bound"), null, [group.title, group.scope]));
  nav.replaceChildren(
    section(say("groups"), county.groups.map((group) => group.chat), [...groups, add]),
    ...sections().map(([role, people]) => section(role ? roleName(role) : say("others"), people.map((person) => person.chat),
      people.map((person) => entry(person.chat, person.name, kindOf(person),
        [person.unit, person.title].filter(Boolean).join(" · "),
        person.joined ? null : el("small", { className: "tag" }, say("not_joined")),
        [person.name, person.unit, person.title, ...person.roles])))),
    found);
  sift();
  count();
  nav.scrollTop = scrollTop;
  if (focused) nav.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

export const officeId = () => county.people.find((person) => roleOf(person) === "指挥部办公室")?.id ?? county.people[0]?.id;

function count() {
  for (const counter of counters) counter();
  const sum = county.people.concat(county.groups).reduce((total, { chat }) => total + (unread(chat) > 0), 0);
  $("unread").dataset.count = sum || "";
  document.title = (sum ? `(${sum}) ` : "") + (county.name ? `${county.name} · ` : "") + say("product");
}

function sift() {
  const wanted = $("search").value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const sifting = wanted.length > 0 || onlyUnread;
  let any = false;
  for (const [chat, { node }] of entries) {
    const fits = wanted.every((word) => node.dataset.words.includes(word)) && (!onlyUnread || unread(chat) > 0 || chat === current);
    node.hidden = !fits;
    any ||= fits;
  }
  for (const part of $("chats").querySelectorAll("section")) {
    part.hidden = sifting && !part.querySelector(".entry:not([hidden])");
    if (sifting) part.firstElementChild.open = true;
  }
  if ($("nobody")) $("nobody").hidden = any || !sifting;
}

function walk(event) {
  if (!["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) return;
  const shown = [...$("chats").querySelectorAll(".entry")].filter((node) => node.checkVisibility());
  if (!shown.length) return;
  const at = shown.indexOf(document.activeElement);
  const goal = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: shown.length - 1 }[event.key];
  event.preventDefault();
  if (goal < 0) $("search").focus();
  else shown[Math.min(goal, shown.length - 1)].focus();
}

async function found(event) {
  event.preventDefault();
  try {
    const { chat } = await post("groups", { title: $("group-title").value, sender: $("group-by").value });
    $("founding").close();
    $("group-title").value = "";
    lookAgain();
    location.hash = encodeURIComponent(chat);
  } catch (error) { refuse(error); }
}

export function select(chat) {
  const before = current;
  current = chat;
  mark(before);
  mark(chat);
}

export function start() {
  changes.addEventListener("county", draw);
  for (const kind of ["message", "read"]) {
    changes.addEventListener(kind, ({ detail }) => { mark(detail.message?.chat ?? detail); count(); if (onlyUnread) sift(); });
  }
  $("search").addEventListener("input", sift);
  $("search").addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.target.value = ""; sift(); }
    if (event.key === "Enter") $("chats").querySelector(".entry:not([hidden])")?.click();
    if (event.key === "ArrowDown") walk(event);
  });
  $("chats").addEventListener("keydown", walk);
  for (const id of ["all", "unread"]) {
    $(id).addEventListener("click", () => {
      onlyUnread = id === "unread";
      $("all").ariaPressed = String(!onlyUnread);
      $("unread").ariaPressed = String(onlyUnread);
      sift();
    });
  }
  $("founding").querySelector("form").addEventListener("submit", found);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input, textarea, select, dialog")) { event.preventDefault(); $("search").focus(); }
  });
}

export const speakerName = (id) => personOf(id)?.name ?? id;
